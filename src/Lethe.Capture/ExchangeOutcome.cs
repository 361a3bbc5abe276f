using System.Globalization;
using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture;

/// <summary>What became of an exchange, judged by its transport and by what the reply said.</summary>
internal static class ExchangeOutcome
{
    private const int FirstErrorStatus = 400;

    public static (Outcome Outcome, string? Reason) Of(CapturedExchange exchange, Turn? turn, string? notDecodedReason)
    {
        notDecodedReason = exchange.Attributes.GetValueOrDefault(CapturedExchange.WithheldAttribute) ?? notDecodedReason;

        if (ProducedKind.Of(exchange) == ProducedKind.TurnEvent)
        {
            return turn is null ? (Outcome.NotDecoded, notDecodedReason) : (Outcome.Completed, null);
        }

        // A status without a response is a data plane's own: nobody behind it answered.
        if (exchange.Status is not { } status || exchange.Ending == Ending.NoResponse)
        {
            return WithoutResponse(exchange);
        }

        if (status >= FirstErrorStatus)
        {
            return (Outcome.UpstreamError, turn?.Error?.Type ?? "http_" + status.ToString(CultureInfo.InvariantCulture));
        }

        if (turn?.Error is { Phase: not "transport" } error)
        {
            return (Outcome.UpstreamError, error.Type ?? error.Code);
        }

        // A client that leaves after the terminal event has all it wanted; a connection that breaks then took nothing away.
        return turn is { ReplyComplete: true }
            ? Finished(exchange, turn, notDecodedReason)
            : Unfinished(exchange, turn, notDecodedReason);
    }

    private static (Outcome Outcome, string? Reason) WithoutResponse(CapturedExchange exchange) => exchange.Ending switch
    {
        Ending.ClientAborted => (Outcome.ClientAborted, exchange.EndingReason),
        Ending.Incomplete => (Outcome.Incomplete, exchange.EndingReason),
        _ => (Outcome.NoResponse, exchange.TransportError?.Type ?? exchange.EndingReason),
    };

    private static (Outcome Outcome, string? Reason) Unfinished(CapturedExchange exchange, Turn? turn, string? notDecodedReason) => exchange.Ending switch
    {
        Ending.ClientAborted => (Outcome.ClientAborted, exchange.EndingReason),
        Ending.UpstreamAborted => (Outcome.UpstreamAborted, exchange.TransportError?.Type ?? exchange.EndingReason),
        Ending.Incomplete => (Outcome.Incomplete, exchange.EndingReason),
        _ when turn is null => (Outcome.NotDecoded, notDecodedReason),
        _ when turn.Operation is not (Operation.Chat or Operation.Completion) => Decoded(exchange, notDecodedReason),
        _ when turn.IsDeferred => (Outcome.Completed, "response_" + turn.StopReason),
        _ when exchange.Response.Truncated => (Outcome.Completed, "capture_truncated"),
        _ when notDecodedReason == TurnDecoder.EventsUnread && turn.Reply.Count > 0 => (Outcome.Incomplete, notDecodedReason),
        _ when notDecodedReason is not null => (Outcome.NotDecoded, notDecodedReason),
        _ => (Outcome.Incomplete, "reply_without_end"),
    };

    /// <summary>A reply that reached its end. What it was refused for is told, what could not be read of it is told, and a reply of which nothing was read is none.</summary>
    private static (Outcome Outcome, string? Reason) Finished(CapturedExchange exchange, Turn turn, string? notDecodedReason) =>
        turn.Operation is not (Operation.Chat or Operation.Completion) ? Decoded(exchange, notDecodedReason)
        : notDecodedReason is null && turn.Refusal is { } category ? (Outcome.Completed, "refusal_" + category)
        : turn.Reply.Count == 0 && turn.Usage is null ? (Outcome.NotDecoded, notDecodedReason ?? "reply_empty")
        : notDecodedReason == TurnDecoder.EventsUnread ? (Outcome.Completed, notDecodedReason)
        : Decoded(exchange, notDecodedReason);

    private static (Outcome Outcome, string? Reason) Decoded(CapturedExchange exchange, string? notDecodedReason) => notDecodedReason is null
        ? (Outcome.Completed, exchange.Response.Truncated ? "capture_truncated" : null)
        : (Outcome.NotDecoded, notDecodedReason);
}
