using Lethe.Capture.Exchanges;
using Lethe.Proxy.Problems;

namespace Lethe.Proxy.Forwarding;

/// <summary>Answers of lethe's own at the forwarding door: RFC 9457 problem documents with a stable <c>code</c>.</summary>
internal static class ForwardingProblem
{
    /// <summary>404 <c>unknown_route</c>: nothing was forwarded.</summary>
    public static Task WriteUnknownRoute(HttpContext context, IReadOnlyList<string> prefixes) => Write(
        context,
        StatusCodes.Status404NotFound,
        "unknown_route",
        "No upstream for this path",
        "Nothing was forwarded. Put the name of an upstream in front of the vendor's path; known are: " + string.Join(", ", prefixes),
        prefixes);

    /// <summary>421 <c>host_not_allowed</c>: the request was meant for another host, and lethe is no HTTP proxy.</summary>
    public static Task WriteNoProxy(HttpContext context) => Write(
        context,
        StatusCodes.Status421MisdirectedRequest,
        "host_not_allowed",
        "This is no HTTP proxy",
        "The request names another host. Give lethe's address as the base URL, not as the proxy.");

    /// <summary>400 <c>dot_segments</c>: the path could lead out of the one that the upstream's address ends in. Nothing was forwarded.</summary>
    public static Task WriteDotSegments(HttpContext context) => Write(
        context,
        StatusCodes.Status400BadRequest,
        "dot_segments",
        "The path leads upwards",
        "The upstream is configured with a base path, and a path with '.' or '..' segments could lead out of it. Nothing was forwarded.");

    /// <summary>426 <c>websockets_refused</c>: the configuration refuses WebSockets. Nothing was forwarded.</summary>
    public static Task WriteNoSockets(HttpContext context) => Write(
        context,
        StatusCodes.Status426UpgradeRequired,
        "websockets_refused",
        "WebSockets are refused here",
        "Lethe:WebSockets:Mode is 'refuse'. Make plain HTTP calls. Nothing was forwarded.");

    /// <summary>502 or 504 (or 400 for a request whose body its client broke): no response came.</summary>
    public static Task WriteUpstreamFailure(HttpContext context, CallEnding ending)
    {
        if (ending.Ending == Ending.ClientAborted)
        {
            const string BrokenBody = "The request body broke off or was malformed.";
            return Write(context, StatusCodes.Status400BadRequest, "bad_request_body", "The request could not be read", BrokenBody);
        }

        var type = ending.Error?.Type ?? ending.Reason ?? "unknown";
        if (type == "protocol")
        {
            return Write(context, StatusCodes.Status502BadGateway, "upstream_protocol_error", "The upstream's answer cannot be passed on", $"{ending.Error?.Message}");
        }

        var isTimeout = type == "timeout";
        return Write(
            context,
            isTimeout ? StatusCodes.Status504GatewayTimeout : StatusCodes.Status502BadGateway,
            isTimeout ? "upstream_timeout" : "upstream_unreachable",
            "The upstream did not answer",
            $"No response came from the upstream ({type}). {ending.Error?.Message}".TrimEnd());
    }

    private static Task Write(HttpContext context, int status, string code, string title, string detail, IReadOnlyList<string>? prefixes = null)
    {
        // A head that was being passed on when it failed is none.
        context.Response.Clear();
        return new ProblemDocument(title, status, code, detail) { Prefixes = prefixes }.ExecuteAsync(context);
    }
}
