using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Forwarding;

/// <summary>Where the wire doors' captures go.</summary>
internal sealed class ExchangeSink(Func<ExchangeHead, ExchangeBuilder> begin, Func<ExchangeBuilder, ValueTask>? whenDurable = null, CaptureBudget? budget = null)
{
    /// <summary>The memory that all captures share; null where there is no bound but their own.</summary>
    public CaptureBudget? Budget => budget;

    /// <summary>True when the end of a response waits for its exchange to be on disk.</summary>
    public bool HoldsEnd => whenDurable is not null;

    /// <summary>Mints an exchange when the request headers have come.</summary>
    public ExchangeBuilder Begin(ExchangeHead head) => begin(head);

    /// <summary>Completes once the finished exchange is on disk; at once where nothing waits for that.</summary>
    public ValueTask WhenDurable(ExchangeBuilder finished) => whenDurable?.Invoke(finished) ?? ValueTask.CompletedTask;
}
