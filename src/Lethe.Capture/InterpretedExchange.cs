using Lethe.Capture.Chains;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Prices;
using Lethe.Capture.Turns;

namespace Lethe.Capture;

/// <summary>What became of an exchange, in one word.</summary>
public enum Outcome
{
    Completed,
    Incomplete,
    ClientAborted,
    UpstreamAborted,
    UpstreamError,
    NoResponse,
    NotDecoded,
}

/// <summary>An exchange with its meaning: everything that ingest writes down, computed without a store.</summary>
public sealed record InterpretedExchange
{
    public required CapturedExchange Exchange { get; init; }

    public required Outcome Outcome { get; init; }

    /// <summary>Why the outcome is what it is; null when there is nothing to add.</summary>
    public string? OutcomeReason { get; init; }

    public required SessionEnvelope Envelope { get; init; }

    /// <summary>What was said and asked; null when nothing could be decoded.</summary>
    public Turn? Turn { get; init; }

    /// <summary>Prompt and reply as nodes; null when there was nothing to chain.</summary>
    public Chain? Chain { get; init; }

    public Cost? Cost { get; init; }

    /// <summary>SHA-256 (hex) over the request's canonical JSON, session, thread and prompt id: equal for a silently re-sent request.</summary>
    public string? RetryKey { get; init; }

    /// <summary>True when a reply came, so that this exchange is a turn; false for an attempt.</summary>
    public bool IsTurn => Turn is { Operation: Operation.Chat or Operation.Completion, Reply.Count: > 0 };
}
