namespace Lethe.Proxy;

/// <summary>Every line that Lethe.Proxy logs. No bodies, no credentials.</summary>
internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Error, "The capture of exchange {ExchangeId} failed and was given up; the call goes on.")]
    public static partial void CaptureFailed(ILogger logger, string exchangeId, Exception fault);

    [LoggerMessage(1101, LogLevel.Warning, "The capture of the WebSocket {ConnectionId} was given up ({Reason}); the connection goes on.")]
    public static partial void SocketCaptureGivenUp(ILogger logger, string connectionId, string reason);

    [LoggerMessage(4101, LogLevel.Error, "The capture of one Envoy stream failed and was given up; the call went on.")]
    public static partial void ExtProcCaptureFailed(ILogger logger, Exception fault);

    [LoggerMessage(4102, LogLevel.Error, "The policy for one Envoy stream's request failed; the rest of the request passes as it is.")]
    public static partial void ExtProcPolicyFailed(ILogger logger, Exception fault);

    [LoggerMessage(1001, LogLevel.Warning, "Ingest did not catch up with the journal within {Seconds} s; the next start takes up the rest.")]
    public static partial void CatchUpLeft(ILogger logger, double seconds);

    [LoggerMessage(1003, LogLevel.Warning, "The admin listener {Address} answers nobody without a token, and there is none yet: 'lethe token create' makes one, also while this runs.")]
    public static partial void NoTokenYet(ILogger logger, string address);

    [LoggerMessage(1005, LogLevel.Error, "The tokens cannot be read, so nobody's is good: {Reason}")]
    public static partial void TokensUnreadable(ILogger logger, string reason);

    [LoggerMessage(1006, LogLevel.Warning, "The issuer of bearer tokens does not tell its keys: {Reason}")]
    public static partial void IssuerUnreachable(ILogger logger, string reason);

    [LoggerMessage(1004, LogLevel.Error, "A request failed by a fault of ours; its connection was closed.")]
    public static partial void RequestFailed(ILogger logger, Exception bug);
}
