using System.Net.Sockets;
using System.Security.Authentication;
using Lethe.Capture.Exchanges;
using Yarp.ReverseProxy.Forwarder;

namespace Lethe.Proxy.Forwarding;

/// <summary>How a call ended, told from what YARP reports and from who went away.</summary>
internal sealed record CallEnding(Ending Ending, string? Reason = null, TransportError? Error = null)
{
    public static readonly CallEnding Completed = new(Ending.Completed);

    public static CallEnding Of(IForwarderErrorFeature? failure, bool hasResponseHead, bool wentSilent, bool clientGone)
    {
        if (failure is null)
        {
            return hasResponseHead ? Completed : new(clientGone ? Ending.ClientAborted : Ending.NoResponse, "no_upstream");
        }

        return failure.Error switch
        {
            ForwarderError.RequestTimedOut => NoResponse("timeout", "The upstream did not answer in time."),
            ForwarderError.NoAvailableDestinations => NoResponse("no_upstream", "The cluster has no destination."),
            ForwarderError.UpgradeActivityTimeout => new(Ending.Completed, "idle_timeout"),
            ForwarderError.UpgradeRequestClient or ForwarderError.UpgradeResponseClient => new(Ending.ClientAborted),
            ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeResponseCanceled => new(Ending.ClientAborted),
            ForwarderError.RequestCanceled or ForwarderError.RequestBodyClient or ForwarderError.ResponseBodyClient => new(Ending.ClientAborted),
            ForwarderError.RequestBodyCanceled or ForwarderError.ResponseBodyCanceled when !wentSilent => new(Ending.ClientAborted),
            _ => OfUpstream(failure, hasResponseHead, wentSilent),
        };
    }

    private static CallEnding OfUpstream(IForwarderErrorFeature failure, bool hasResponseHead, bool wentSilent)
    {
        var error = wentSilent ? new TransportError("timeout", "The upstream fell silent.") : Describe(failure.Exception);
        return hasResponseHead
            ? new(Ending.UpstreamAborted, wentSilent ? "idle_timeout" : null, error)
            : new(Ending.NoResponse, null, error);
    }

    private static CallEnding NoResponse(string type, string message) => new(Ending.NoResponse, null, new TransportError(type, message));

    private static TransportError Describe(Exception? exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (Type(cause) is { } type)
            {
                return new TransportError(type, cause.Message);
            }
        }

        return new TransportError("unknown", exception?.Message ?? "");
    }

    private static string? Type(Exception cause) => cause switch
    {
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => "reset",
        HttpRequestException http => http.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "dns",
            HttpRequestError.ConnectionError => "connect",
            HttpRequestError.SecureConnectionError => "tls",
            HttpRequestError.ProxyTunnelError => "proxy",
            HttpRequestError.ResponseEnded => "reset",
            HttpRequestError.Unknown => null,
            _ => "protocol",
        },
        HttpIOException => "protocol",
        AuthenticationException => "tls",
        SocketException { SocketErrorCode: SocketError.TimedOut } => "timeout",
        SocketException => "reset",
        TimeoutException => "timeout",
        IOException { InnerException: null } => "reset",
        _ => null,
    };
}
