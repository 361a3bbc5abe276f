using System.Diagnostics;
using Lethe.Capture;
using Lethe.Capture.Turns;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;

namespace Lethe.Ingest.Ingesting;

/// <summary>What deliveries add to the instruments.</summary>
internal static class DeliveryMeasures
{
    public static void Committed(int count, TimeSpan took)
    {
        IngestMeter.IngestBatch.Record(count);
        IngestMeter.IngestCommit.Record(took.TotalSeconds);
    }

    public static void Decoded(InterpretedExchange told, TimeSpan took) => IngestMeter.Decode.Record(took.TotalSeconds, Provider(told));

    public static void Delivered(DeliveryResult result)
    {
        switch (result.Verdict)
        {
            case DeliveryVerdict.Duplicate:
                IngestMeter.Replays.Add(1);
                break;
            case DeliveryVerdict.Conflict:
                IngestMeter.Conflicts.Add(1);
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
        IngestMeter.Exchanges.Add(1, new("door", StoredWord.Of(told.Exchange.Door)), provider, new("outcome", StoredWord.Of(told.Outcome)));
        if (told.IsTurn)
        {
            IngestMeter.Turns.Add(1, new KeyValuePair<string, object?>("harness", told.Envelope.HarnessId));
        }

        if (told.Cost is { } cost)
        {
            IngestMeter.Cost.Add(cost.NanoUsd / 1e9, provider);
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
        if (told.Turn is not { } turn || !(IngestMeter.GenAiTokenUsage.Enabled || IngestMeter.GenAiDuration.Enabled))
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
            IngestMeter.GenAiDuration.Record(duration.TotalSeconds, tags);
        }

        RecordGenAi(turn.Usage?.InputTotal, "input", tags);
        RecordGenAi(turn.Usage?.Output, "output", tags);
    }

    private static void RecordGenAi(long? tokens, string type, TagList tags)
    {
        if (tokens is { } known)
        {
            tags.Add("gen_ai.token.type", type);
            IngestMeter.GenAiTokenUsage.Record(known, tags);
        }
    }

    private static void Count(long? tokens, string kind, KeyValuePair<string, object?> provider)
    {
        if (tokens is > 0)
        {
            IngestMeter.Tokens.Add(tokens.Value, provider, new KeyValuePair<string, object?>("kind", kind));
        }
    }

    private static KeyValuePair<string, object?> Provider(InterpretedExchange told) =>
        new("provider", told.Turn?.Provider ?? told.Exchange.Provider ?? "unknown");
}
