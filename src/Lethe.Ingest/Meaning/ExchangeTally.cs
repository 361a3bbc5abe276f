using System.Runtime.CompilerServices;
using Lethe.Capture;

namespace Lethe.Ingest.Meaning;

/// <summary>What one exchange adds to its session's counters: a number for each of <see cref="Columns"/>. Money is nano-USD; what was not told adds nothing.</summary>
[InlineArray(Count)]
internal struct ExchangeTally
{
    public const int Count = 12;

    public const string Columns = "exchanges, turns, attempts, errors, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, cost_nano_usd, unpriced_turns";

    private long first;

    /// <summary>Tokens and money count for every exchange that has them: a cut attempt was billed too.</summary>
    public static ExchangeTally Of(Outcome outcome, bool isTurn, Heard heard)
    {
        ReadOnlySpan<long> added =
        [
            1,
            isTurn ? 1 : 0,
            !isTurn && !IsFinal(outcome) ? 1 : 0,
            outcome is Outcome.UpstreamError or Outcome.UpstreamAborted or Outcome.NoResponse ? 1 : 0,
            Positive(heard.Input),
            Positive(heard.CacheRead),
            Positive(heard.CacheWrite5m),
            Positive(heard.CacheWrite1h),
            Positive(heard.Output),
            Positive(heard.Reasoning),
            Positive(heard.CostNanoUsd),
            isTurn && heard.CostNanoUsd is null ? 1 : 0,
        ];
        var tally = default(ExchangeTally);
        added.CopyTo(tally);
        return tally;
    }

    /// <summary>True when a client has no reason to send the same call again.</summary>
    public static bool IsFinal(Outcome outcome) => outcome is Outcome.Completed or Outcome.NotDecoded;

    private static long Positive(long? value) => Math.Max(0, value ?? 0);
}
