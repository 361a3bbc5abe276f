using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Transforms;

namespace Lethe.Proxy.Forwarding;

/// <summary>The request as it came: raw target, every end-to-end header. Only Host becomes the upstream's, and what is lethe's own stays here.</summary>
internal sealed class VerbatimRequest : RequestTransform
{
    private static readonly UriCreationOptions Exact = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        CopyHeaders(context);
        context.HeadersCopied = true;
        if (context.HttpContext.Features.Get<ForwardedCall>() is { } call)
        {
            if (!call.Route.RewritesTarget)
            {
                var uri = new Uri(context.DestinationPrefix.TrimEnd('/') + call.Target, Exact);
                context.ProxyRequest.RequestUri = uri;
                if (uri.Authority != call.Route.UpstreamHost)
                {
                    call.Tap.UpstreamHost(uri.Authority);
                }
            }

            context.ProxyRequest.Options.Set(Upload.Key, call.Upload);
            call.Sending();
        }

        return ValueTask.CompletedTask;
    }

    private static void CopyHeaders(RequestTransformContext context)
    {
        var (request, message) = (context.HttpContext.Request, context.ProxyRequest);
        var connection = request.Headers.Connection;
        var nominates = connection.Count > 0 && NominatesOthers(connection);
        foreach (var (name, values) in request.Headers)
        {
            if (HopByHop.StopsAtLethe(name) || name.Equals("Host", StringComparison.OrdinalIgnoreCase) || (nominates && HopByHop.IsNominated(connection, name)))
            {
                continue;
            }

            AddHeader(context, name, values.Count == 1 ? values : Joined(name, values));
        }

        // TE is the connection's own, but without it some servers keep their trailers back.
        if (request.Headers.TE.ToString().Contains("trailers", StringComparison.OrdinalIgnoreCase))
        {
            message.Headers.TryAddWithoutValidation("TE", "trailers");
        }

        // A length beside a transfer coding is void (RFC 9112 §6.3).
        if (request.Headers.TransferEncoding.Count > 0)
        {
            message.Content?.Headers.Remove("Content-Length");
        }
    }

    private static bool NominatesOthers(StringValues connection) =>
        connection.Count > 1 || !(connection[0] is { } only
            && (only.Equals("keep-alive", StringComparison.OrdinalIgnoreCase) || only.Equals("close", StringComparison.OrdinalIgnoreCase)));

    // The HTTP client writes one line a name. Joined here (RFC 9110 §5.3), for it would put blanks between user agents;
    // cookies, which HTTP/2 clients split (RFC 9113 §8.2.3), have a separator of their own.
    private static string Joined(string name, StringValues values) =>
        string.Join(name.Equals("Cookie", StringComparison.OrdinalIgnoreCase) ? "; " : ", ", values.ToArray());
}
