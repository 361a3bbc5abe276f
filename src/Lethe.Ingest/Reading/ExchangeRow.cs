using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>One row of <c>exchange_records</c>, as the columns are.</summary>
internal sealed class ExchangeRow
{
    public const string Select = "SELECT * FROM exchange_records ";

    /// <summary>Without what was said, the chain and the evidence: none of them is read.</summary>
    public const string SelectFacts = """
        SELECT ingested, exchange_id, commit_key, client_key, org_id, session_id, harness_session_id, id_origin, thread_id, claim_harness_id, claim_session_id,
               parent_resolution, parent_session_id, parent_harness_id, captured_at, door, capture_mode, method, path, http_version, upstream, provider, endpoint,
               operation, harness_id, harness_version, connection_id, prompt_id, request_kind, stream, status, outcome, outcome_reason, error, model_requested,
               model_served, response_id, previous_response_id, upstream_request_id, stop_reason, is_turn, seq, attempt, retry_of, usage_final, input, cache_read,
               cache_write_5m, cache_write_1h, output, reasoning, cost_nano_usd, cost_parts, cost_reported_nano_usd, price_book, content, ttfb_us, duration_us,
               request_bytes, request_sha256, request_truncated, response_bytes, response_sha256, response_truncated, body_journal, body_segment, body_offset, body_sequence, replays
        FROM exchange_records

        """;

    public long Ingested { get; init; }
    public Guid ExchangeId { get; init; }
    public string CommitKey { get; init; } = "";
    public string? ClientKey { get; init; }
    public string OrgId { get; init; } = "";
    public Guid? SessionId { get; init; }
    public string? HarnessSessionId { get; init; }
    public string? IdOrigin { get; init; }
    public string? ThreadId { get; init; }
    public string? ClaimHarnessId { get; init; }
    public string? ClaimSessionId { get; init; }
    public string? ParentResolution { get; init; }
    public Guid? ParentSessionId { get; init; }
    public string? ParentHarnessId { get; init; }
    public long CapturedAt { get; init; }
    public string Door { get; init; } = "";
    public string CaptureMode { get; init; } = "";
    public string Method { get; init; } = "";
    public string Path { get; init; } = "";
    public string HttpVersion { get; init; } = "";
    public string Upstream { get; init; } = "";
    public string Provider { get; init; } = "";
    public string Endpoint { get; init; } = "";
    public string Operation { get; init; } = "";
    public string HarnessId { get; init; } = "";
    public string HarnessVersion { get; init; } = "";
    public string Evidence { get; init; } = "{}";
    public string? ConnectionId { get; init; }
    public string? PromptId { get; init; }
    public string? RequestKind { get; init; }
    public long Stream { get; init; }
    public long? Status { get; init; }
    public string Outcome { get; init; } = "";
    public string? OutcomeReason { get; init; }
    public string? Error { get; init; }
    public string? ModelRequested { get; init; }
    public string? ModelServed { get; init; }
    public string? ResponseId { get; init; }
    public string? PreviousResponseId { get; init; }
    public string? UpstreamRequestId { get; init; }
    public string? StopReason { get; init; }
    public long HasReply { get; init; }
    public long IsTurn { get; init; }
    public long? Seq { get; init; }
    public long Attempt { get; init; }
    public Guid? RetryOf { get; init; }
    public long? UsageFinal { get; init; }
    public long? Input { get; init; }
    public long? CacheRead { get; init; }
    public long? CacheWrite5m { get; init; }
    public long? CacheWrite1h { get; init; }
    public long? Output { get; init; }
    public long? Reasoning { get; init; }
    public string? UsageReported { get; init; }
    public long? CostNanoUsd { get; init; }
    public string? CostParts { get; init; }
    public long? CostReportedNanoUsd { get; init; }
    public string? PriceBook { get; init; }
    public byte[]? ReplyText { get; init; }
    public byte[]? ReplyReasoning { get; init; }
    public string? ReplyTools { get; init; }
    public byte[]? RootHash { get; init; }
    public byte[]? LeafHash { get; init; }
    public long? ChainLength { get; init; }
    public long? PromptLength { get; init; }
    public long? Projection { get; init; }
    public byte[]? SystemHash { get; init; }
    public byte[]? ToolsHash { get; init; }
    public string Content { get; init; } = "";
    public long? TtfbUs { get; init; }
    public long? DurationUs { get; init; }
    public long RequestBytes { get; init; }
    public byte[]? RequestSha256 { get; init; }
    public long RequestTruncated { get; init; }
    public long ResponseBytes { get; init; }
    public byte[]? ResponseSha256 { get; init; }
    public long ResponseTruncated { get; init; }
    public Guid? BodyJournal { get; init; }
    public long? BodySegment { get; init; }
    public long? BodyOffset { get; init; }
    public long? BodySequence { get; init; }
    public long? Replays { get; init; }

    /// <summary>What is told beside its columns: the outcomes of tools that it brought.</summary>
    public IReadOnlyList<ToolResultRecord> ToolResults { get; set; } = [];

    /// <summary>What is told beside its columns: what became of the vendor's cache; null where it has no part in one.</summary>
    public CacheRecord? Cache { get; set; }

    public CaptureClock Clock => new(CapturedAt, ExchangeId);
}
