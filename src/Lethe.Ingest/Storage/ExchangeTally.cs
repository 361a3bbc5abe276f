using Lethe.Capture;
using Lethe.Capture.Turns;

namespace Lethe.Ingest.Storage;

/// <summary>What one exchange adds to its session's counters. Money is nano-USD; what was not told adds nothing.</summary>
internal readonly record struct ExchangeTally
{
    public long Turns { get; init; }

    public long Attempts { get; init; }

    public long Errors { get; init; }

    public long Input { get; init; }

    public long CacheRead { get; init; }

    public long CacheWrite5m { get; init; }

    public long CacheWrite1h { get; init; }

    public long Output { get; init; }

    public long Reasoning { get; init; }

    public long CostNanoUsd { get; init; }

    public long UnpricedTurns { get; init; }

    /// <summary>Tokens and money count for every exchange that has them: a cut attempt was billed too.</summary>
    public static ExchangeTally Of(Outcome outcome, bool isTurn, Usage? usage, long? costNanoUsd) => new()
    {
        Turns = isTurn ? 1 : 0,
        Attempts = !isTurn && !IsFinal(outcome) ? 1 : 0,
        Errors = outcome is Outcome.UpstreamError or Outcome.UpstreamAborted or Outcome.NoResponse ? 1 : 0,
        Input = Positive(usage?.Input),
        CacheRead = Positive(usage?.CacheRead),
        CacheWrite5m = Positive(usage?.CacheWrite5m),
        CacheWrite1h = Positive(usage?.CacheWrite1h),
        Output = Positive(usage?.Output),
        Reasoning = Positive(usage?.Reasoning),
        CostNanoUsd = Positive(costNanoUsd),
        UnpricedTurns = isTurn && costNanoUsd is null ? 1 : 0,
    };

    /// <summary>True when a client has no reason to send the same call again.</summary>
    public static bool IsFinal(Outcome outcome) => outcome is Outcome.Completed or Outcome.NotDecoded;

    private static long Positive(long? value) => Math.Max(0, value ?? 0);
}
