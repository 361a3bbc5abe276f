namespace Lethe.Proxy;

/// <summary>Every line that Lethe.Proxy logs. No bodies, no credentials.</summary>
internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Error, "The capture of exchange {ExchangeId} failed and was given up; the call goes on.")]
    public static partial void CaptureFailed(ILogger logger, string exchangeId, Exception fault);

    [LoggerMessage(4101, LogLevel.Error, "The capture of one Envoy stream failed and was given up; the call went on.")]
    public static partial void ExtProcCaptureFailed(ILogger logger, Exception fault);
}
