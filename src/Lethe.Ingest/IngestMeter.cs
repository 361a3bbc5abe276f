using System.Diagnostics;
using System.Diagnostics.Metrics;
using Lethe.Capture;
using Lethe.Capture.Turns;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest;

/// <summary>The instruments of the memory, by the names that <c>/metrics</c> shows.</summary>
public static class IngestMeter
{
    internal const string Name = "Lethe.Ingest";

    private static readonly Meter Meter = new(Name);

    internal static readonly Histogram<double> JournalFsync =
        Meter.CreateHistogram<double>("lethe_journal_fsync_seconds", "s", "Time of one fsync of the journal.");

    internal static readonly Gauge<long> JournalLagRecords =
        Meter.CreateGauge<long>("lethe_journal_lag_records", null, "Journal lines that ingest has not read yet.");

    internal static readonly Gauge<long> JournalLagBytes =
        Meter.CreateGauge<long>("lethe_journal_lag_bytes", "By", "Journal bytes that ingest has not read yet.");

    internal static readonly Counter<long> JournalFailures =
        Meter.CreateCounter<long>("lethe_journal_failures_total", null, "Times that the disk refused the journal.");

    internal static readonly Counter<long> Drops =
        Meter.CreateCounter<long>("lethe_drops_total", null, "Captures lost or cut short, by reason.");

    internal static readonly Counter<long> CaptureBytes =
        Meter.CreateCounter<long>("lethe_capture_bytes_total", "By", "Body bytes on the wire, by direction.");

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
        foreach (var reason in (string[])["memory", "stopping", "unwritable"])
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

    internal static void Committed(int count, TimeSpan took)
    {
        IngestBatch.Record(count);
        IngestCommit.Record(took.TotalSeconds);
    }

    internal static void Decoded(InterpretedExchange told, TimeSpan took) => Decode.Record(took.TotalSeconds, Provider(told));

    internal static void Delivered(DeliveryResult result)
    {
        switch (result.Verdict)
        {
            case DeliveryVerdict.Duplicate:
                Replays.Add(1);
                break;
            case DeliveryVerdict.Conflict:
                Conflicts.Add(1);
                break;
            case DeliveryVerdict.Accepted:
                Accepted(result.Stored!);
                break;
        }
    }

    private static void Accepted(InterpretedExchange told)
    {
        RecordGenAi(told);
        var provider = Provider(told);
        Exchanges.Add(1, new("door", StoredWord.Of(told.Exchange.Door)), provider, new("outcome", StoredWord.Of(told.Outcome)));
        if (told.IsTurn)
        {
            Turns.Add(1, new KeyValuePair<string, object?>("harness", told.Envelope.HarnessId));
        }

        if (told.Cost is { } cost)
        {
            Cost.Add(cost.NanoUsd / 1e9, provider);
        }

        if (told.Turn?.Usage is { } usage)
        {
            Count(usage.Input, "input", provider);
            Count(usage.CacheRead, "cache_read", provider);
            Count(usage.CacheWrite5m, "cache_write_5m", provider);
            Count(usage.CacheWrite1h, "cache_write_1h", provider);
            Count(usage.Output, "output", provider);
        }
    }

    private static void RecordGenAi(InterpretedExchange told)
    {
        if (told.Turn is not { } turn || !(GenAiTokenUsage.Enabled || GenAiDuration.Enabled))
        {
            return;
        }

        var tags = new TagList
        {
            { "gen_ai.operation.name", turn.Operation == Operation.Completion ? "text_completion" : StoredWord.Of(turn.Operation) },
            { "gen_ai.provider.name", turn.Provider },
            { "gen_ai.request.model", turn.ModelRequested ?? "" },
            { "error.type", turn.Error?.Type ?? "" },
        };
        if (told.Exchange.Duration is { } duration)
        {
            GenAiDuration.Record(duration.TotalSeconds, tags);
        }

        RecordGenAi(turn.Usage?.InputTotal, "input", tags);
        RecordGenAi(turn.Usage?.Output, "output", tags);
    }

    private static void RecordGenAi(long? tokens, string type, TagList tags)
    {
        if (tokens is { } known)
        {
            tags.Add("gen_ai.token.type", type);
            GenAiTokenUsage.Record(known, tags);
        }
    }

    private static void Count(long? tokens, string kind, KeyValuePair<string, object?> provider)
    {
        if (tokens is > 0)
        {
            Tokens.Add(tokens.Value, provider, new KeyValuePair<string, object?>("kind", kind));
        }
    }

    private static KeyValuePair<string, object?> Provider(InterpretedExchange told) =>
        new("provider", told.Turn?.Provider ?? told.Exchange.Provider ?? "unknown");
}
