using System.Text.Json.Serialization;

namespace Lethe.Ingest.Reading;

/// <summary>One session with its counters. Times are UTC; counters are sums over its exchanges; money is nano-USD.</summary>
public sealed record SessionSummary
{
    public required string SessionId { get; init; }

    public required string OrgId { get; init; }

    public required string HarnessId { get; init; }

    public required string HarnessSessionId { get; init; }

    public string? HarnessVersion { get; init; }

    /// <summary><c>harness</c>, <c>explicit</c> or <c>synthetic</c>; null for a placeholder.</summary>
    public string? IdOrigin { get; init; }

    /// <summary>True for a parent that was named but never seen.</summary>
    public bool IsPlaceholder { get; init; }

    public string? AuthSubject { get; init; }

    public string? Name { get; init; }

    public string? Cwd { get; init; }

    /// <summary>A JSON object, or null.</summary>
    public string? Metadata { get; init; }

    public DateTimeOffset? FirstSeenAt { get; init; }

    public DateTimeOffset? LastSeenAt { get; init; }

    /// <summary>The linked parent's <see cref="SessionId"/>; null when there is none, or it could not be told.</summary>
    public string? ParentSessionId { get; init; }

    /// <summary>The claim as it was made; null when no parent was ever named.</summary>
    public ParentRecord? Parent { get; init; }

    /// <summary>Retention passes it over since then; null when it is not pinned.</summary>
    public DateTimeOffset? PinnedAt { get; init; }

    public string? PinReason { get; init; }

    /// <summary>When its words were erased; null when they were not.</summary>
    public DateTimeOffset? ErasedAt { get; init; }

    /// <summary>As its producer told it, else <see cref="FirstSeenAt"/>.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt => LastSeenAt;

    /// <summary>The file that its producer read it from; null where none was told.</summary>
    public string? SourceFile { get; init; }

    public bool Pinned => PinnedAt is not null;

    /// <summary>What it is called; null where a reader did not ask for it (<see cref="TitleOrigin"/> too).</summary>
    public string? Title { get; init; }

    /// <summary><c>name</c>: its producer's word; <c>title_call</c>: a model was asked; <c>prompt</c>: the first words of its first prompt; <c>id</c>: nothing else is known.</summary>
    public string? TitleOrigin { get; init; }

    /// <summary><c>running</c>, <c>waiting</c> (for its user), <c>idle</c>, <c>ended</c> or <c>named</c> (never heard); null where a reader did not ask for it.</summary>
    public string? State { get; init; }

    /// <summary>Of it and those below: <c>failed_agent</c>, <c>failed_tool</c>, <c>refused</c>, <c>rebuilt</c>, <c>cut</c>, <c>unpriced</c>; null where a reader did not ask for it.</summary>
    public IReadOnlyList<string>? Trouble { get; init; }

    /// <summary>With all below it; null where a reader did not ask for it.</summary>
    public SessionTreeSums? Tree { get; init; }

    public required SessionCounters Counters { get; init; }

    /// <summary>The models that served it, most used first.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];
}

/// <summary>What a session adds up to.</summary>
public sealed record SessionCounters
{
    public long Exchanges { get; init; }

    public long Turns { get; init; }

    /// <summary>Calls that gave no turn: failed, or re-sent later.</summary>
    public long Attempts { get; init; }

    /// <summary>Calls that the upstream failed.</summary>
    public long Errors { get; init; }

    /// <summary>Input tokens neither read from nor written to a cache.</summary>
    public long Input { get; init; }

    public long CacheRead { get; init; }

    [JsonPropertyName("cache_write_5m")]
    public long CacheWrite5m { get; init; }

    [JsonPropertyName("cache_write_1h")]
    public long CacheWrite1h { get; init; }

    public long Output { get; init; }

    public long Reasoning { get; init; }

    public long CostNanoUsd { get; init; }

    public long UnpricedTurns { get; init; }

    public long ToolCalls { get; init; }

    public long Nodes { get; init; }

    /// <summary>All input tokens, as OpenTelemetry's GenAI conventions count them.</summary>
    public long InputTotal => Input + CacheRead + CacheWrite5m + CacheWrite1h;

    /// <summary>Of several sessions together.</summary>
    public static SessionCounters Sum(IEnumerable<SessionCounters> parts) => parts.Aggregate(new SessionCounters(), (sum, part) => new SessionCounters
    {
        Exchanges = sum.Exchanges + part.Exchanges,
        Turns = sum.Turns + part.Turns,
        Attempts = sum.Attempts + part.Attempts,
        Errors = sum.Errors + part.Errors,
        Input = sum.Input + part.Input,
        CacheRead = sum.CacheRead + part.CacheRead,
        CacheWrite5m = sum.CacheWrite5m + part.CacheWrite5m,
        CacheWrite1h = sum.CacheWrite1h + part.CacheWrite1h,
        Output = sum.Output + part.Output,
        Reasoning = sum.Reasoning + part.Reasoning,
        CostNanoUsd = sum.CostNanoUsd + part.CostNanoUsd,
        UnpricedTurns = sum.UnpricedTurns + part.UnpricedTurns,
        ToolCalls = sum.ToolCalls + part.ToolCalls,
        Nodes = sum.Nodes + part.Nodes,
    });
}

/// <summary>A session and all below it.</summary>
/// <param name="Sessions">How many they are, itself counted.</param>
/// <param name="Failed">Those below it whose last call gave no turn.</param>
/// <param name="Rebuilt">Calls whose vendor's cache was lost.</param>
public sealed record SessionTreeSums(long Sessions, long Failed, long Rebuilt, DateTimeOffset? LastSeenAt, SessionCounters Counters);

/// <summary>One session with its children, and every parent it ever named.</summary>
public sealed record SessionDetail(SessionSummary Session, IReadOnlyList<SessionSummary> Children, IReadOnlyList<ParentClaim> Claims)
{
    /// <summary>The keys of the sessions that went over into this one.</summary>
    public IReadOnlyList<SessionAlias> Aliases { get; init; } = [];

    /// <summary>Whose conversation this one goes on with; null when it began by itself.</summary>
    public ForkRecord? ForkedFrom { get; init; }

    /// <summary>Where the conversation was summed up and begun anew, earliest first.</summary>
    public IReadOnlyList<CompactionRecord> Compactions { get; init; } = [];
}

/// <summary>A key that means another session for good.</summary>
public sealed record SessionAlias(string HarnessId, string HarnessSessionId);

/// <summary>Where a session was forked off another.</summary>
/// <param name="SessionId">Null where the session that the harness names was never seen.</param>
/// <param name="ExchangeId">The other session's call whose answer is the last that both have; null where it is not told by the messages.</param>
/// <param name="Messages">How many messages both begin with.</param>
/// <param name="Evidence"><c>harness</c>: its own word; <c>inference:chain</c>: its first prompt holds an answer that the other session was given before.</param>
public sealed record ForkRecord(string? SessionId, string HarnessSessionId, string? ExchangeId, int? Messages, string Evidence);

/// <summary>The call that summed a conversation up, and the calls before and after it, whose chains it joins.</summary>
public sealed record CompactionRecord
{
    public required string ExchangeId { get; init; }

    public string? BeforeExchangeId { get; init; }

    /// <summary>64 hex: the end of the chain that was summed up.</summary>
    public string? BeforeLeaf { get; init; }

    public int? MessagesBefore { get; init; }

    /// <summary>Null while nothing was said after it.</summary>
    public string? AfterExchangeId { get; init; }

    /// <summary>64 hex: the beginning of the chain that goes on from the summary.</summary>
    public string? AfterRoot { get; init; }

    public int? MessagesAfter { get; init; }

    /// <summary><c>reply_in_prompt</c>: the later prompt holds the summary; <c>request_kind</c>: the harness, or the call's own words, say that it was asked for.</summary>
    public required string Evidence { get; init; }
}

/// <summary>A parent that a session named, and when; more than one is a conflict, and the last named wins.</summary>
public sealed record ParentClaim(string? HarnessId, string HarnessSessionId, DateTimeOffset FirstClaimedAt, DateTimeOffset LastClaimedAt);
