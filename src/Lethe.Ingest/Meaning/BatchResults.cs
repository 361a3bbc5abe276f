using Lethe.Capture;
using Lethe.Capture.Turns;

namespace Lethe.Ingest.Meaning;

/// <summary>
/// The results of batches, which may be fetched as often as one likes: each is counted with the first fetch, by capture, that brought it. A fetch counts
/// all that it brought less what others count, so that it does not matter which of them came first into the store.
/// </summary>
internal static class BatchResults
{
    /// <summary>The batch whose results an exchange brought; null when it brought none.</summary>
    public static string? BatchOf(Turn? turn) => turn is { Results: [var first, ..] } ? "batch:" + first.Batch : null;

    /// <summary>Under which names the store keeps who counts the results that an exchange brought.</summary>
    public static IEnumerable<string> Names(Turn? turn) => turn is null ? [] : turn.Results.Select(Name);

    /// <summary>Takes from an exchange what others count, and from others what it counts in their place. Gives it as it counts.</summary>
    public static InterpretedExchange Hear(WorkingSet set, InterpretedExchange told, CaptureClock clock, Attempt attempt)
    {
        if (told.Turn is not { Results.Count: > 0 } turn)
        {
            return told;
        }

        var relieved = new HashSet<Attempt>();
        foreach (var result in turn.Results)
        {
            var answer = Answers.Answer(set, told.Exchange.OrgId, Name(result));
            if (answer.FirstHeard is { } first && first <= clock)
            {
                attempt.Heard = attempt.Heard.Less(Heard.Of(result));
                continue;
            }

            if (answer.FirstHeard is { } later)
            {
                var other = set.Attempts[later];
                if (relieved.Add(other))
                {
                    set.Uncount(other);
                }

                other.BringsResults = true;
                other.Heard = other.Heard.Less(Heard.Of(result));
            }

            answer.FirstHeard = clock;
            answer.Changed = true;
        }

        foreach (var other in relieved)
        {
            set.Recount(other, other.Session);
        }

        return Counted(told, turn, attempt.Heard);
    }

    private static InterpretedExchange Counted(InterpretedExchange told, Turn turn, Heard heard) => told with
    {
        Turn = turn with
        {
            Usage = turn.Usage! with
            {
                Input = heard.Input,
                CacheRead = heard.CacheRead,
                CacheWrite5m = heard.CacheWrite5m,
                CacheWrite1h = heard.CacheWrite1h,
                Output = heard.Output,
                Reasoning = heard.Reasoning,
            },
        },
        Cost = told.Cost is { } cost ? cost with { NanoUsd = heard.CostNanoUsd ?? 0, Parts = heard.CostParts } : null,
    };

    private static string Name(BatchResult result) => "batch:" + result.Key;
}
