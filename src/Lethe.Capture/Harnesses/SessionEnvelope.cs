namespace Lethe.Capture.Harnesses;

/// <summary>Where a session id comes from.</summary>
public enum SessionIdOrigin
{
    /// <summary>The harness's own header or body field, or a generic session header.</summary>
    Harness,

    /// <summary>An <c>x-lethe-*</c> or <c>x-tapes-*</c> header, or an ingest payload's session block.</summary>
    Explicit,

    /// <summary>Derived from the conversation and the credential, because nobody said.</summary>
    Synthetic,
}

/// <summary>Who is talking: the session facts of one exchange, and the evidence for each.</summary>
public sealed record SessionEnvelope
{
    /// <summary>The harness id of a call that nothing identifies.</summary>
    public const string UnknownHarness = "unknown";

    /// <summary>One of the known ids (<c>claude-code</c>, <c>codex</c>, …), <c>sdk:&lt;name&gt;</c>, or <c>unknown</c>.</summary>
    public required string HarnessId { get; init; }

    public string? HarnessVersion { get; init; }

    /// <summary>The session's key within its harness; null only when nothing was said yet (an attempt without any id or reply).</summary>
    public string? HarnessSessionId { get; init; }

    public SessionIdOrigin IdOrigin { get; init; }

    /// <summary>The agent or thread inside the session; null on the main thread.</summary>
    public string? ThreadId { get; init; }

    /// <summary>The parent's harness; null when the claim names only an id (legacy producers).</summary>
    public string? ParentHarnessId { get; init; }

    public string? ParentHarnessSessionId { get; init; }

    /// <summary>The harness's own id of the user's prompt or turn; null when it gives none.</summary>
    public string? PromptId { get; init; }

    /// <summary>
    /// What the call is for: <c>main</c>, <c>sub_agent</c>, <c>title</c>, <c>summary</c>, <c>compaction</c>, <c>suggestion</c>, <c>memory</c>, <c>quota</c>,
    /// <c>router</c>, <c>prewarm</c>, <c>count_tokens</c>, <c>other</c>; a word that is not known stays as it came; null when not told.
    /// </summary>
    public string? RequestKind { get; init; }

    /// <summary>The session of the same harness whose conversation this one goes on with, as the harness tells it; null when it does not.</summary>
    public string? ForkedFromHarnessSessionId { get; init; }

    public string? Cwd { get; init; }

    public string? Name { get; init; }

    /// <summary>A JSON object, or null.</summary>
    public string? MetadataJson { get; init; }

    public string? UserAgent { get; init; }

    /// <summary>True where the earliest that is told of name, directory and metadata stays, not the latest: what is told of the past changes nothing.</summary>
    public bool KeepsFirst { get; init; }

    /// <summary>The machine that a told turn was said on; two machines may use one session id. Null for calls.</summary>
    public string? Host { get; init; }

    /// <summary>The producer's own id of a told turn, which puts turns of one second in order; null for calls.</summary>
    public string? TurnId { get; init; }

    /// <summary>When the session began, by its producer's word; null when not told.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Which evidence each field came from, e.g. <c>harness_id → header:user-agent</c>.</summary>
    public IReadOnlyDictionary<string, string> Evidence { get; init; } = new Dictionary<string, string>();
}
