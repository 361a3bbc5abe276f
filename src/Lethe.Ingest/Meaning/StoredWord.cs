using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Turns;

namespace Lethe.Ingest.Meaning;

/// <summary>The contract's words for the enumerations, as rows and records hold them.</summary>
public static class StoredWord
{
    public static string Of(Door door) => door switch
    {
        Door.Forwarding => "forwarding",
        Door.ExtProc => "ext_proc",
        Door.Ingest => "ingest",
        _ => throw new ArgumentOutOfRangeException(nameof(door), door, null),
    };

    public static string Of(Operation operation) => operation switch
    {
        Operation.Other => "other",
        Operation.Chat => "chat",
        Operation.Completion => "completion",
        Operation.Embeddings => "embeddings",
        Operation.CountTokens => "count_tokens",
        Operation.Rerank => "rerank",
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, null),
    };

    public static string Of(SessionIdOrigin origin) => origin switch
    {
        SessionIdOrigin.Harness => "harness",
        SessionIdOrigin.Explicit => "explicit",
        SessionIdOrigin.Synthetic => "synthetic",
        _ => throw new ArgumentOutOfRangeException(nameof(origin), origin, null),
    };

    public static string Of(Outcome outcome) => outcome switch
    {
        Outcome.Completed => "completed",
        Outcome.Incomplete => "incomplete",
        Outcome.ClientAborted => "client_aborted",
        Outcome.UpstreamAborted => "upstream_aborted",
        Outcome.UpstreamError => "upstream_error",
        Outcome.NoResponse => "no_response",
        Outcome.NotDecoded => "not_decoded",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, null),
    };

    public static Outcome ToOutcome(string word) => word switch
    {
        "completed" => Outcome.Completed,
        "incomplete" => Outcome.Incomplete,
        "client_aborted" => Outcome.ClientAborted,
        "upstream_aborted" => Outcome.UpstreamAborted,
        "upstream_error" => Outcome.UpstreamError,
        "no_response" => Outcome.NoResponse,
        "not_decoded" => Outcome.NotDecoded,
        _ => throw new ArgumentOutOfRangeException(nameof(word), word, null),
    };
}
