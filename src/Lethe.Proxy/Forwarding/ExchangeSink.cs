using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// Where the wire doors' captures go. <paramref name="Begin"/> mints an exchange when the request headers have come;
/// <paramref name="WhenDurable"/>, when given, completes once a finished exchange is on disk, and the end of the response waits for it.
/// </summary>
internal sealed record ExchangeSink(Func<ExchangeHead, ExchangeBuilder> Begin, Func<ExchangeBuilder, ValueTask>? WhenDurable = null);
