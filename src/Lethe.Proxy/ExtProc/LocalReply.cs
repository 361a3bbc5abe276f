using Lethe.Capture.Exchanges;
using Lethe.Proxy.ExtProc.Wire;

namespace Lethe.Proxy.ExtProc;

/// <summary>
/// Tells the data plane's own reply from the upstream's. Envoy shows both to a processor alike: its 503 for a refused connection,
/// its 504 for a route's timeout, its 413, a route's direct response.
/// </summary>
internal static class LocalReply
{
    /// <summary>What went wrong in the data plane's words, or null for a reply of the upstream's.</summary>
    public static TransportError? Detect(CallHeaders response, EnvoyAttributes attributes)
    {
        if (attributes["response.code_details"] is { } details)
        {
            return details == "via_upstream" ? null : new TransportError(TypeOf(details), details);
        }

        // Without the attribute only its looks are left: an error in plain text that carries nothing an upstream would add.
        return response.Status >= 400
            && response.Fields.First("content-type") == "text/plain"
            && response.Fields.All(field => field.Name is "content-type" or "content-length" or "date" or "server")
            && response.Fields.First("server") is null or "envoy"
            ? new TransportError(TypeOf(response.Status.Value), $"the data plane answered {response.Status} itself")
            : null;
    }

    private static string TypeOf(string details) =>
        details.Contains("timeout", StringComparison.Ordinal) ? "timeout"
        : details.Contains("connection_failure", StringComparison.Ordinal) || details.Contains("connect_error", StringComparison.Ordinal) ? "connect"
        : details.Contains("reset", StringComparison.Ordinal) || details.Contains("disconnect", StringComparison.Ordinal) ? "reset"
        : details.Contains("too_large", StringComparison.Ordinal) ? "too_large"
        : details.Contains("healthy", StringComparison.Ordinal) || details.Contains("cluster_not_found", StringComparison.Ordinal) ? "no_upstream"
        : "local_reply";

    private static string TypeOf(int status) => status switch
    {
        413 => "too_large",
        502 or 503 => "connect",
        504 => "timeout",
        _ => "local_reply",
    };
}
