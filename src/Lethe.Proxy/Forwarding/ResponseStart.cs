using Yarp.ReverseProxy.Transforms;

namespace Lethe.Proxy.Forwarding;

/// <summary>Sends the head of a streamed answer at once: a model may think for minutes between its headers and its first event.</summary>
internal sealed class ResponseStart : ResponseTransform
{
    /// <summary>True when a body of unknown length follows the head.</summary>
    public static bool HasStreamedBody(HttpContext http, int status) =>
        http.Response.ContentLength is null && status is not (< 200 or 204 or 205 or 304) && !HttpMethods.IsHead(http.Request.Method);

    public override async ValueTask ApplyAsync(ResponseTransformContext context)
    {
        var http = context.HttpContext;
        // A client that waits for 100 Continue must hear the final status first, or Kestrel asks it for the body nobody wants.
        if (context.ProxyResponse is { } response && (HasStreamedBody(http, (int)response.StatusCode) || http.Request.Headers.Expect.Count > 0))
        {
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }
}
