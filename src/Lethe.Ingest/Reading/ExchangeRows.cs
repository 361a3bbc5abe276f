using System.Text;
using System.Text.Json;
using Lethe.Capture.Turns;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>From a row to the record of the contract.</summary>
internal static class ExchangeRows
{
    /// <summary>Where its bodies are in the journal; null when it came without one.</summary>
    public static JournalPosition? BodyAt(ExchangeRow row) =>
        row is { BodyJournal: { } journal, BodySegment: { } segment, BodyOffset: { } offset, BodySequence: { } sequence }
            ? new JournalPosition(journal, segment, offset, sequence)
            : null;

    public static ExchangeRecord ToRecord(ExchangeRow row) => new()
    {
        ExchangeId = row.ExchangeId.ToString("D"),
        CommitKey = row.CommitKey,
        ClientKey = row.ClientKey,
        OrgId = row.OrgId,
        Door = row.Door,
        CapturedAt = Microseconds.ToText(row.CapturedAt),
        Method = row.Method,
        Path = row.Path,
        Upstream = NullIfEmpty(row.Upstream),
        HttpVersion = row.HttpVersion,
        Provider = NullIfEmpty(row.Provider),
        Endpoint = NullIfEmpty(row.Endpoint),
        Operation = row.Operation,
        Stream = row.Stream != 0,
        Status = (int?)row.Status,
        Outcome = row.Outcome,
        OutcomeReason = row.OutcomeReason,
        Error = row.Error is null ? null : JsonSerializer.Deserialize(row.Error, ExchangeRecordJson.Default.ErrorRecord),
        ModelRequested = row.ModelRequested,
        ModelServed = row.ModelServed,
        ResponseId = row.ResponseId,
        PreviousResponseId = row.PreviousResponseId,
        ConnectionId = row.ConnectionId,
        CaptureMode = row.CaptureMode,
        RequestKind = row.RequestKind,
        PromptId = row.PromptId,
        Cost = row.CostParts is null ? null : JsonSerializer.Deserialize(row.CostParts, ExchangeRecordJson.Default.CostParts),
        CostReportedNanoUsd = row.CostReportedNanoUsd,
        Content = row.Content,
        UpstreamRequestId = row.UpstreamRequestId,
        StopReason = row.StopReason,
        Usage = UsageOf(row),
        CostNanoUsd = row.CostNanoUsd,
        PriceBook = row.PriceBook,
        Reply = ReplyOf(row),
        Harness = new HarnessRecord(row.HarnessId, NullIfEmpty(row.HarnessVersion)),
        Session = row.SessionId is null
            ? null
            : new SessionRecord(row.SessionId.Value.ToString("D"), row.HarnessSessionId!, row.IdOrigin ?? "synthetic", row.ThreadId, ParentOf(row)),
        Evidence = JsonSerializer.Deserialize(row.Evidence, ExchangeRecordJson.Default.DictionaryStringString) ?? [],
        Turn = new TurnRecord((int?)row.Seq, (int)row.Attempt, row.RetryOf?.ToString("D")),
        Chain = row.ChainLength is null
            ? null
            : new ChainRecord((int)row.ChainLength, Hex(row.RootHash), Hex(row.LeafHash), (int)(row.Projection ?? 0), Hex(row.SystemHash), Hex(row.ToolsHash)),
        Timing = new TimingRecord(row.TtfbUs / 1000.0, row.DurationUs / 1000.0),
        Request = new BodyRecord { Bytes = row.RequestBytes, Sha256 = Hex(row.RequestSha256), Truncated = row.RequestTruncated != 0 },
        Response = new BodyRecord { Bytes = row.ResponseBytes, Sha256 = Hex(row.ResponseSha256), Truncated = row.ResponseTruncated != 0 },
        Replayed = row.Replays > 0,
        Cache = row.Cache,
        ToolResults = row.ToolResults,
    };

    private static UsageRecord? UsageOf(ExchangeRow row)
    {
        if (row.UsageFinal is null)
        {
            return null;
        }

        var cacheWrite = Usage.Sum(row.CacheWrite5m, row.CacheWrite1h);
        return new UsageRecord
        {
            Source = row.UsageFinal != 0 ? "final" : UsageRecord.Partial,
            InputTokens = Usage.Sum(Usage.Sum(row.Input, row.CacheRead), cacheWrite),
            CacheReadTokens = row.CacheRead,
            CacheWriteTokens = cacheWrite,
            OutputTokens = row.Output,
            ReasoningTokens = row.Reasoning,
            CacheWrite5mTokens = row.CacheWrite5m,
            CacheWrite1hTokens = row.CacheWrite1h,
            Reported = row.UsageReported is null ? null : JsonSerializer.Deserialize(row.UsageReported, ExchangeRecordJson.Default.JsonElement),
        };
    }

    private static ReplyRecord? ReplyOf(ExchangeRow row)
    {
        if (row.HasReply == 0)
        {
            return null;
        }

        IReadOnlyList<ToolCallRecord> tools = row.ReplyTools is null
            ? []
            : JsonSerializer.Deserialize(row.ReplyTools, ExchangeRecordJson.Default.IReadOnlyListToolCallRecord) ?? [];
        return new ReplyRecord(Text(row.ReplyText), Text(row.ReplyReasoning), tools);
    }

    private static ParentRecord? ParentOf(ExchangeRow row) => row.ClaimSessionId is null
        ? null
        : new ParentRecord(row.ParentSessionId?.ToString("D"), row.ClaimHarnessId ?? row.ParentHarnessId, row.ClaimSessionId, row.ParentResolution ?? "unresolved");

    private static string? Text(byte[]? utf8) => utf8 is null ? null : Encoding.UTF8.GetString(utf8);

    private static string? Hex(byte[]? hash) => hash is null ? null : Convert.ToHexStringLower(hash);

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
