namespace Lethe.Capture.Exchanges;

/// <summary>What a door knows of a call when its request headers have arrived.</summary>
public sealed record ExchangeHead
{
    public required Door Door { get; init; }

    public required string Method { get; init; }

    /// <summary>The path as the upstream sees it: our own prefix removed, no query.</summary>
    public required string Path { get; init; }

    public string Query { get; init; } = "";

    public string? Upstream { get; init; }

    public string? UpstreamHost { get; init; }

    public string? Provider { get; init; }

    public string HttpVersion { get; init; } = "HTTP/1.1";

    /// <summary>All request headers as they came, credentials included: redaction runs before anything reaches a disk.</summary>
    public required IReadOnlyList<HeaderField> Headers { get; init; }

    /// <summary>A producer's own idempotency key (<c>x-lethe-commit-key</c>); null for the exchange id.</summary>
    public string? CommitKey { get; init; }

    /// <summary>When it was captured, where somebody else did that; null for now.</summary>
    public DateTimeOffset? CapturedAt { get; init; }

    /// <summary>What tells the door when something passed, where it hears of it later; null for the recorder's own clock.</summary>
    public TimeProvider? Clock { get; init; }

    /// <summary>How a producer told of it (<see cref="ProducedKind"/>); null for a call as a wire has it.</summary>
    public string? Kind { get; init; }

    /// <summary>The WebSocket that a model call was said in, by the id of the exchange of its handshake; null for a call of its own.</summary>
    public string? ConnectionId { get; init; }

    public string OrgId { get; init; } = Organisation.None;

    public string? AuthSubject { get; init; }
}
