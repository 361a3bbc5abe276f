using Lethe.Proxy.Forwarding.WebSockets;
using Yarp.ReverseProxy.Transforms;

namespace Lethe.Proxy.Forwarding;

/// <summary>Sends the head of a streamed answer without waiting for its body, where the body is not there yet.</summary>
internal sealed class ResponseStart : ResponseTransform
{
    /// <summary>True when a body of unknown length follows the head.</summary>
    public static bool HasStreamedBody(HttpContext http, int status) =>
        http.Response.ContentLength is null && status is not (< 200 or 204 or 205 or 304) && !HttpMethods.IsHead(http.Request.Method);

    public override async ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is not { } response)
        {
            return;
        }

        var http = context.HttpContext;
        var isStreamed = HasStreamedBody(http, (int)response.StatusCode);
        // A client that waits for 100 Continue must hear the final status first, or Kestrel asks it for the body nobody wants.
        if (http.Request.Headers.Expect.Count > 0)
        {
            await SendHead();
        }

        var call = http.Features.Get<ForwardedCall>();
        response.Content = new AnswerContent(
            response.Content,
            isStreamed ? SendHead : static () => Task.CompletedTask,
            call is null ? null : call.AnswerCame,
            upstream => call is not null && SocketHandshake.Is(http) ? call.Upgraded(upstream) : upstream);

        Task SendHead() => http.Response.Body.FlushAsync(http.RequestAborted);
    }
}
