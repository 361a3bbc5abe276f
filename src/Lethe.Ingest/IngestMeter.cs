using System.Diagnostics.Metrics;

namespace Lethe.Ingest;

/// <summary>The instruments of the memory, by the names that <c>/metrics</c> shows.</summary>
public static class IngestMeter
{
    internal const string Name = "Lethe.Ingest";

    private static readonly Meter Meter = new(Name);

    internal static readonly Histogram<double> JournalFsync =
        Meter.CreateHistogram<double>("lethe_journal_fsync_seconds", "s", "Time of one fsync of the journal.");

    internal static readonly Counter<long> JournalFailures =
        Meter.CreateCounter<long>("lethe_journal_failures_total", null, "Times that the disk refused the journal.");

    internal static readonly Counter<long> Drops =
        Meter.CreateCounter<long>("lethe_drops_total", null, "Captures lost or cut short, by reason.");

    internal static readonly Counter<long> CaptureBytes =
        Meter.CreateCounter<long>("lethe_capture_bytes_total", "By", "Body bytes on the wire, by direction.");

    internal static readonly Counter<long> RetentionExchanges =
        Meter.CreateCounter<long>("lethe_retention_exchanges_total", null, "Exchanges that lost their words by age or size, their words by being forgotten, or their records.");

    internal static readonly Counter<long> RetentionFailures =
        Meter.CreateCounter<long>("lethe_retention_failures_total", null, "Looks of retention that did not come to their end.");

    internal static void Forgot(string step, long count) => RetentionExchanges.Add(count, new KeyValuePair<string, object?>("step", step));

    internal static void Captured(long request, long response)
    {
        CaptureBytes.Add(request, new KeyValuePair<string, object?>("direction", "request"));
        CaptureBytes.Add(response, new KeyValuePair<string, object?>("direction", "response"));
    }

    /// <summary>Shows the counters that ought to stay at zero from the start, so that a first event is seen as an increase.</summary>
    public static void BeginAtZero()
    {
        JournalFailures.Add(0);
        Replays.Add(0);
        Conflicts.Add(0);
        RetentionFailures.Add(0);
        foreach (var step in (string[])["words", "erased", "records"])
        {
            Forgot(step, 0);
        }

        foreach (var reason in (string[])["memory", "stopping", "unwritable", "journal_full"])
        {
            Drops.Add(0, new KeyValuePair<string, object?>("reason", reason));
        }
    }

    internal static void Dropped(string reason) => Drops.Add(1, new KeyValuePair<string, object?>("reason", reason));

    internal static readonly Counter<long> Exchanges =
        Meter.CreateCounter<long>("lethe_exchanges_total", null, "Exchanges stored, by door, provider and outcome.");

    internal static readonly Counter<long> Turns = Meter.CreateCounter<long>("lethe_turns_total", null, "Exchanges stored with a reply, by harness.");

    internal static readonly Counter<long> Replays = Meter.CreateCounter<long>("lethe_replays_total", null, "Deliveries that were stored before.");

    internal static readonly Counter<long> Conflicts =
        Meter.CreateCounter<long>("lethe_conflicts_total", null, "Deliveries whose commit key was used before with other content.");

    internal static readonly Counter<long> Tokens = Meter.CreateCounter<long>("lethe_tokens_total", null, "Tokens stored, by provider and disjoint kind.");

    internal static readonly Counter<double> Cost = Meter.CreateCounter<double>("lethe_cost_usd_total", null, "Cost stored, in US dollars, by provider.");

    internal static readonly Histogram<double> IngestCommit =
        Meter.CreateHistogram<double>("lethe_ingest_commit_seconds", "s", "Time of one ingest transaction.");

    internal static readonly Histogram<long> IngestBatch =
        Meter.CreateHistogram<long>("lethe_ingest_batch_size", null, "Exchanges in one ingest transaction.");

    internal static readonly Histogram<double> Decode =
        Meter.CreateHistogram<double>("lethe_decode_seconds", "s", "Time to interpret one exchange, by provider.");

    /// <summary>https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/</summary>
    internal static readonly Histogram<long> GenAiTokenUsage =
        Meter.CreateHistogram<long>("gen_ai.client.token.usage", "{token}", "Tokens of one operation, input and output.");

    internal static readonly Histogram<double> GenAiDuration =
        Meter.CreateHistogram<double>("gen_ai.client.operation.duration", "s", "Time of one operation, from the request's first header to the end of the answer.");
}
