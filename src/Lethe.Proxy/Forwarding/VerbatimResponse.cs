using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Transforms;

namespace Lethe.Proxy.Forwarding;

/// <summary>The response head as it came; status and reason are YARP's to copy.</summary>
internal sealed class VerbatimResponse : ResponseTransform
{
    // Kestrel writes a Date of its own where none is set, but over HTTP/1.1 not where it is set to nothing. HTTP/2 would send it empty.
    private static readonly StringValues NoValue = new([null!]);

    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is not { } response)
        {
            return ValueTask.CompletedTask;
        }

        var call = context.HttpContext.Features.Get<ForwardedCall>();
        RefuseUnaskedSwitch(context.HttpContext, response);
        var headers = context.HttpContext.Response.Headers;
        Copy(response.Headers.NonValidated, headers);
        Copy(response.Content.Headers.NonValidated, headers);
        // Only now: a head that cannot be passed on is none.
        call?.HeadArrived(response);
        if (response.Headers.NonValidated.Contains("Transfer-Encoding"))
        {
            headers.ContentLength = null;
        }

        if (headers.Date.Count == 0 && !HttpProtocol.IsHttp2(context.HttpContext.Request.Protocol))
        {
            headers.Date = NoValue;
        }

        if (call is not null && ChunkedWithTrailers.IsNeeded(context.HttpContext, response))
        {
            headers.TransferEncoding = "chunked";
            call.FramesItself(context.HttpContext);
        }

        context.HeadersCopied = true;
        return ValueTask.CompletedTask;
    }

    private static void RefuseUnaskedSwitch(HttpContext context, HttpResponseMessage response)
    {
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols
            && context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true }
            && context.Features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true })
        {
            throw new HttpIOException(HttpRequestError.InvalidResponse, "it switches to a protocol that nobody asked for.");
        }
    }

    private static void Copy(HttpHeadersNonValidated source, IHeaderDictionary headers)
    {
        foreach (var (name, values) in source)
        {
            if (!HopByHop.StopsAtResponse(name))
            {
                headers[name] = values.Count == 1 ? new StringValues(values.ToString()) : new StringValues([.. values]);
            }
        }
    }
}
