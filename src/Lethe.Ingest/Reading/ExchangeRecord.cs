using System.Text.Json;
using System.Text.Json.Serialization;
using Lethe.Capture.Prices;
using Lethe.Capture.Turns;

namespace Lethe.Ingest.Reading;

/// <summary>One exchange as the outside sees it, schema <c>lethe.exchange.v1</c>: a line of <c>lethe export</c>, an item of <c>/v1/exchanges</c>.</summary>
public sealed record ExchangeRecord
{
    public string Schema { get; init; } = "lethe.exchange.v1";

    public required string ExchangeId { get; init; }

    public required string CommitKey { get; init; }

    public required string OrgId { get; init; }

    /// <summary><c>forwarding</c>, <c>ext_proc</c> or <c>ingest</c>.</summary>
    public required string Door { get; init; }

    /// <summary>RFC 3339 with microseconds, UTC.</summary>
    public required string CapturedAt { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    public string? Upstream { get; init; }

    public required string HttpVersion { get; init; }

    public string? Provider { get; init; }

    public string? Endpoint { get; init; }

    public required string Operation { get; init; }

    public bool Stream { get; init; }

    public int? Status { get; init; }

    public required string Outcome { get; init; }

    public string? OutcomeReason { get; init; }

    public ErrorRecord? Error { get; init; }

    public string? ModelRequested { get; init; }

    public string? ModelServed { get; init; }

    public string? ResponseId { get; init; }

    public string? UpstreamRequestId { get; init; }

    public string? StopReason { get; init; }

    public UsageRecord? Usage { get; init; }

    public long? CostNanoUsd { get; init; }

    public string? PriceBook { get; init; }

    public ReplyRecord? Reply { get; init; }

    public required HarnessRecord Harness { get; init; }

    public SessionRecord? Session { get; init; }

    public required IReadOnlyDictionary<string, string> Evidence { get; init; }

    public required TurnRecord Turn { get; init; }

    public ChainRecord? Chain { get; init; }

    public required TimingRecord Timing { get; init; }

    public required BodyRecord Request { get; init; }

    public required BodyRecord Response { get; init; }

    /// <summary>True when the same delivery came more than once and was counted once.</summary>
    public bool Replayed { get; init; }

    /// <summary>The key that a client sent through a wire door: kept, and gates nothing.</summary>
    public string? ClientKey { get; init; }

    /// <summary>The connection that this call was said in, where several share one.</summary>
    public string? ConnectionId { get; init; }

    /// <summary><c>base_url</c>, <c>forward_proxy</c>, <c>ext_proc</c>, <c>ingest</c> or <c>import</c>.</summary>
    public required string CaptureMode { get; init; }

    /// <summary>What the call is for: <c>main</c>, <c>sub_agent</c>, <c>title</c>, <c>compaction</c>, …; null when not told.</summary>
    public string? RequestKind { get; init; }

    public string? PromptId { get; init; }

    /// <summary>The answer that this call continues.</summary>
    public string? PreviousResponseId { get; init; }

    /// <summary>What <see cref="CostNanoUsd"/> is made of; null where that is not known.</summary>
    public CostParts? Cost { get; init; }

    /// <summary>What the vendor itself said that it cost.</summary>
    public long? CostReportedNanoUsd { get; init; }

    /// <summary>What became of the vendor's prompt cache; null for a call that has no part in one.</summary>
    public CacheRecord? Cache { get; init; }

    /// <summary>Outcomes of tools that this request was the first to bring.</summary>
    public IReadOnlyList<ToolResultRecord> ToolResults { get; init; } = [];

    /// <summary><c>kept</c>, <c>truncated</c>, <c>expired</c>, <c>erased</c> or <c>withheld</c>.</summary>
    public required string Content { get; init; }
}

public sealed record ErrorRecord(string Phase, string? Type, string? Code, string? Message);

public sealed record UsageRecord
{
    /// <summary>Of a call that was cut before its vendor's last word: at least so much was used and paid.</summary>
    public const string Partial = "partial";

    /// <summary><c>final</c> or <c>partial</c>.</summary>
    public required string Source { get; init; }

    public long? InputTokens { get; init; }

    public long? CacheReadTokens { get; init; }

    public long? CacheWriteTokens { get; init; }

    public long? OutputTokens { get; init; }

    public long? ReasoningTokens { get; init; }

    [JsonPropertyName("cache_write_5m_tokens")]
    public long? CacheWrite5mTokens { get; init; }

    [JsonPropertyName("cache_write_1h_tokens")]
    public long? CacheWrite1hTokens { get; init; }

    /// <summary>The vendor's own usage object, as it came: what has no column here stands there (service tier, searches, counts by modality). Null where none was told or kept.</summary>
    public JsonElement? Reported { get; init; }
}

public sealed record ReplyRecord(string? Text, string? Reasoning, IReadOnlyList<ToolCallRecord> ToolCalls);

public sealed record ToolCallRecord(string? Id, string Name, JsonElement Arguments);

public sealed record HarnessRecord(string Id, string? Version);

public sealed record SessionRecord(string Id, string HarnessSessionId, string IdOrigin, string? ThreadId, ParentRecord? Parent);

public sealed record ParentRecord(string? SessionId, string? HarnessId, string HarnessSessionId, string Resolution);

/// <summary>Seq is the turn's place in its session by capture time, 1-based; null for what is no turn.</summary>
public sealed record TurnRecord(int? Seq, int Attempt, string? RetryOf);

public sealed record ChainRecord(int Length, string? Root, string? Leaf, int Projection, string? System, string? Tools);

public sealed record TimingRecord(double? TtfbMs, double? DurationMs);

[JsonDerivedType(typeof(KeptBodyRecord))]
public record BodyRecord
{
    public long Bytes { get; init; }

    public string? Sha256 { get; init; }

    public bool Truncated { get; init; }
}

/// <summary>As <c>--bodies</c> shows it.</summary>
public sealed record KeptBodyRecord : BodyRecord
{
    public KeptBodyRecord(BodyRecord body, string? base64)
        : base(body) => BodyBase64 = base64;

    /// <summary>The wire bytes as kept, after redaction; null where no longer held.</summary>
    [JsonPropertyName("body_base64")]
    [JsonPropertyOrder(1)]
    public string? BodyBase64 { get; }
}

/// <summary>Snake-case names, nulls written, as the contract shows.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ExchangeRecord))]
[JsonSerializable(typeof(CacheRecord))]
[JsonSerializable(typeof(Dictionary<string, string>))]
public sealed partial class ExchangeRecordJson : JsonSerializerContext;
