using System.Text.Json;

namespace Lethe.Ingest.Reading;

/// <summary>One exchange of a session as a person reads it: what was new in its prompt, and what came back.</summary>
public sealed record ConversationTurn
{
    /// <summary>The whole record: usage, cost, timing, attempt, error, reply text and tool calls.</summary>
    public required ExchangeRecord Exchange { get; init; }

    /// <summary>The messages of the prompt that no earlier exchange of this session had, oldest first.</summary>
    public required IReadOnlyList<ConversationMessage> NewMessages { get; init; }

    /// <summary>The reply as messages; empty when none came.</summary>
    public required IReadOnlyList<ConversationMessage> Reply { get; init; }

    /// <summary>The tools this reply asked for, with what became of them.</summary>
    public required IReadOnlyList<ToolCallOutcome> Tools { get; init; }
}

/// <summary>A message of the chain: its address (64 hex), its depth from the root, and its whole JSON.</summary>
public sealed record ConversationMessage(string Hash, int Depth, string Role, JsonElement Body);

/// <summary>A tool call from both sides. <see cref="IsError"/> is null while nobody has answered.</summary>
public sealed record ToolCallOutcome(
    string CallId, string? Name, string? ArgumentsJson, bool? IsError, string? AskedByExchangeId, string? AnsweredByExchangeId, DateTimeOffset? AskedAt, DateTimeOffset? AnsweredAt)
{
    /// <summary><c>ok</c>, <c>error</c>, <c>cancelled</c>, <c>pending</c>, or <c>orphaned</c>: the conversation went on, and nobody answered.</summary>
    public required string Status { get; init; }

    /// <summary>From the end of the answer that asked to the request that told the outcome; null while there is none.</summary>
    public double? LatencyMs { get; init; }

    /// <summary>How many calls the same answer asked for: more than one ran side by side.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>Of the arguments as they are kept; null where they are not.</summary>
    public string? ArgumentsSha256 { get; init; }
}

/// <summary>An exchange in the order of commits; <see cref="Ingested"/> only grows.</summary>
public sealed record IngestedExchange(long Ingested, ExchangeRecord Record);

/// <summary>All tries of one call.</summary>
/// <param name="CostNanoUsd">What they cost together, as far as it is known: a cut attempt was billed too. Null when nothing is known.</param>
public sealed record CallAttempts(IReadOnlyList<ExchangeRecord> Attempts, long? CostNanoUsd);
