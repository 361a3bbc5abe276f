namespace Lethe.Ingest.Reading;

/// <summary>One row of the exchange query, as the columns are.</summary>
internal sealed class ExchangeRow
{
    /// <summary>Every column that the record needs; conditions and order are appended.</summary>
    public const string Select = """
        SELECT e.ingested, e.exchange_id, e.commit_key, o.org_id, e.session, s.session_id, s.harness_session_id, s.id_origin, e.thread_id,
               s.claim_harness_id, s.claim_session_id, s.parent_resolution,
               p.session_id AS parent_session_id, p.harness_id AS parent_harness_id,
               e.captured_at, r.door, r.method, r.path, r.http_version, r.upstream, r.provider, r.endpoint, r.operation,
               c.harness_id, c.harness_version, c.evidence,
               e.stream, e.status, e.outcome, e.outcome_reason, e.error, e.model_requested, e.model_served, e.response_id,
               e.upstream_request_id, e.stop_reason, e.has_reply, e.is_turn, e.attempt, e.retry_of,
               e.usage_final, e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.output, e.reasoning,
               e.cost_nano_usd, e.price_book, e.reply_text, e.reply_reasoning, e.reply_tools,
               root.hash AS root_hash, leaf.hash AS leaf_hash, e.leaf, e.chain_length, e.prompt_length, e.projection,
               system.hash AS system_hash, tools.hash AS tools_hash,
               e.ttfb_us, e.duration_us, e.request_bytes, e.request_sha256, e.request_truncated,
               e.response_bytes, e.response_sha256, e.response_truncated,
               e.body_segment, e.body_offset, e.body_sequence, q.replays
        FROM exchanges e
        JOIN orgs o ON o.org = e.org
        JOIN routes r ON r.route = e.route
        JOIN callers c ON c.caller = e.caller
        LEFT JOIN receipts q ON q.org = e.org AND q.commit_key = e.commit_key
        LEFT JOIN sessions s ON s.session = e.session
        LEFT JOIN sessions p ON p.session = s.parent
        LEFT JOIN nodes root ON root.node = e.root
        LEFT JOIN nodes leaf ON leaf.node = e.leaf
        LEFT JOIN blobs system ON system.blob = e.system
        LEFT JOIN blobs tools ON tools.blob = e.tools

        """;

    public long Ingested { get; init; }
    public byte[] ExchangeId { get; init; } = [];
    public string CommitKey { get; init; } = "";
    public string OrgId { get; init; } = "";
    public long? Session { get; init; }
    public string? SessionId { get; init; }
    public string? HarnessSessionId { get; init; }
    public string? IdOrigin { get; init; }
    public string? ThreadId { get; init; }
    public string? ClaimHarnessId { get; init; }
    public string? ClaimSessionId { get; init; }
    public string? ParentResolution { get; init; }
    public string? ParentSessionId { get; init; }
    public string? ParentHarnessId { get; init; }
    public long CapturedAt { get; init; }
    public string Door { get; init; } = "";
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
    public long Stream { get; init; }
    public long? Status { get; init; }
    public string Outcome { get; init; } = "";
    public string? OutcomeReason { get; init; }
    public string? Error { get; init; }
    public string? ModelRequested { get; init; }
    public string? ModelServed { get; init; }
    public string? ResponseId { get; init; }
    public string? UpstreamRequestId { get; init; }
    public string? StopReason { get; init; }
    public long HasReply { get; init; }
    public long IsTurn { get; init; }
    public long Attempt { get; init; }
    public byte[]? RetryOf { get; init; }
    public long? UsageFinal { get; init; }
    public long? Input { get; init; }
    public long? CacheRead { get; init; }
    public long? CacheWrite5m { get; init; }
    public long? CacheWrite1h { get; init; }
    public long? Output { get; init; }
    public long? Reasoning { get; init; }
    public long? CostNanoUsd { get; init; }
    public string? PriceBook { get; init; }
    public string? ReplyText { get; init; }
    public string? ReplyReasoning { get; init; }
    public string? ReplyTools { get; init; }
    public byte[]? RootHash { get; init; }
    public byte[]? LeafHash { get; init; }
    public long? Leaf { get; init; }
    public long? ChainLength { get; init; }
    public long? PromptLength { get; init; }
    public long? Projection { get; init; }
    public byte[]? SystemHash { get; init; }
    public byte[]? ToolsHash { get; init; }
    public long? TtfbUs { get; init; }
    public long? DurationUs { get; init; }
    public long RequestBytes { get; init; }
    public byte[]? RequestSha256 { get; init; }
    public long RequestTruncated { get; init; }
    public long ResponseBytes { get; init; }
    public byte[]? ResponseSha256 { get; init; }
    public long ResponseTruncated { get; init; }
    public long? BodySegment { get; init; }
    public long? BodyOffset { get; init; }
    public long? BodySequence { get; init; }
    public long? Replays { get; init; }

    public string Id => new Guid(ExchangeId, bigEndian: true).ToString("D");
}
