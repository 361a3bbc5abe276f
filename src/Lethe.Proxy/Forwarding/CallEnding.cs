using System.Net.Sockets;
using System.Security.Authentication;
using Lethe.Capture.Exchanges;
using Microsoft.AspNetCore.Connections;
using Yarp.ReverseProxy.Forwarder;

namespace Lethe.Proxy.Forwarding;

/// <summary>How a call ended, told from what YARP reports and from who went away.</summary>
internal sealed record CallEnding(Ending Ending, string? Reason = null, TransportError? Error = null)
{
    public static readonly CallEnding Completed = new(Ending.Completed);

    /// <param name="answerEnded">The upstream's answer came to its own end, and all of it was handed on.</param>
    public static CallEnding Of(IForwarderErrorFeature? failure, bool hasResponseHead, bool answerEnded, bool wentSilent, bool clientGone)
    {
        if (failure is null)
        {
            return hasResponseHead ? Completed : new(clientGone ? Ending.ClientAborted : Ending.NoResponse, "no_upstream");
        }

        return failure.Error switch
        {
            // An upstream need not read a request that it has answered.
            ForwarderError.RequestBodyClient or ForwarderError.RequestBodyDestination or ForwarderError.RequestBodyCanceled when answerEnded => Completed,
            ForwarderError.RequestTimedOut => NoResponse("timeout", "The upstream did not answer in time."),
            ForwarderError.NoAvailableDestinations => NoResponse("no_upstream", "The cluster has no destination."),
            ForwarderError.ResponseHeaders => NoResponse("protocol", "The head of the upstream's answer cannot be passed on: " + Cause(failure.Exception)),
            ForwarderError.UpgradeActivityTimeout => new(Ending.Completed, "idle_timeout"),
            ForwarderError.UpgradeRequestClient or ForwarderError.UpgradeResponseClient => new(Ending.ClientAborted),
            ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeResponseCanceled => new(Ending.ClientAborted),
            ForwarderError.RequestCanceled or ForwarderError.ResponseBodyClient => new(Ending.ClientAborted),
            ForwarderError.RequestBodyClient when clientGone || IsOfClient(failure.Exception) => new(Ending.ClientAborted),
            ForwarderError.RequestBodyCanceled or ForwarderError.ResponseBodyCanceled when !wentSilent => new(Ending.ClientAborted),
            _ => OfUpstream(failure, hasResponseHead, wentSilent),
        };
    }

    // What Kestrel throws for a body that is malformed, breaks off, or whose connection is gone.
    private static bool IsOfClient(Exception? exception) => exception switch
    {
        AggregateException several => several.InnerExceptions.Any(IsOfClient),
        BadHttpRequestException or ConnectionResetException or ConnectionAbortedException => true,
        _ => exception?.InnerException is { } inner && IsOfClient(inner),
    };

    private static string Cause(Exception? exception) => exception?.GetBaseException().Message ?? "";

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
