using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Prices;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.IngestApi;

/// <summary>
/// A call that a transcript tells without the vendor's id of its answer. It is a call that a door has heard when session, time, tokens, and every word and tool of the
/// reply are the same: a conversation's input grows, so no two of its calls have all of these in common.
/// </summary>
internal sealed record UnnamedCall(string Harness, string Session, DateTimeOffset At, DateTimeOffset EndedAt, (long? Input, long? CacheRead, long? Output) Tokens, string Text, string Tools)
{
    /// <summary>How far the clocks of the agent and of the door may be apart, and the writing of a transcript from the end of the call.</summary>
    private static readonly TimeSpan ClocksApartMax = TimeSpan.FromMinutes(2);

    private static readonly ExchangeInterpreter Interpreter = new(PriceBook.Embedded);

    /// <summary>Null for a call whose answer has an id, and for one that has nothing to be recognised by.</summary>
    public static UnnamedCall? Of(CapturedExchange told) => Of(Interpreter.Interpret(told));

    public static UnnamedCall? Of(InterpretedExchange told) =>
        told is { Turn: { ResponseId: null, Usage: { } usage } turn, Envelope.HarnessSessionId: { Length: > 0 } session } && (turn.ReplyText is { Length: > 0 } || turn.ToolCalls.Count > 0)
            ? new UnnamedCall(
                told.Envelope.HarnessId,
                session,
                told.Exchange.CapturedAt,
                told.Exchange.CapturedAt + (told.Exchange.Duration ?? TimeSpan.Zero),
                (usage.InputTotal, usage.CacheRead, usage.Output),
                turn.ReplyText ?? "",
                string.Join(' ', turn.ToolCalls.Select(call => call.Id)))
            : null;

    /// <summary>What a door has heard of this call; null where nothing is surely it.</summary>
    public ExchangeRecord? HeardIn(StoreReader reader, string org)
    {
        var near = new ExchangeFilter { SessionId = StoreReader.SessionIdOf(org, Harness, Session), Since = At - ClocksApartMax, Until = EndedAt + ClocksApartMax };
        return reader.Exchanges(org, near).FirstOrDefault(IsSurely);
    }

    /// <summary>True for what is this call.</summary>
    public bool IsSurely(ExchangeRecord heard) =>
        HasReplyOf(heard) && Tokens == (heard.Usage?.InputTokens, heard.Usage?.CacheReadTokens, heard.Usage?.OutputTokens);

    /// <summary>True for what said the same at that time, whatever it is said to have used.</summary>
    public bool HasReplyOf(ExchangeRecord heard) =>
        IsNear(heard) && heard.Reply is { } reply && Text == (reply.Text ?? "") && Tools == string.Join(' ', reply.ToolCalls.Select(call => call.Id));

    /// <summary>True for what a door heard at that time.</summary>
    public bool IsNear(ExchangeRecord heard) =>
        heard.CaptureMode != ExchangeFacts.Import
        && DateTimeOffset.TryParse(heard.CapturedAt, System.Globalization.CultureInfo.InvariantCulture, out var at)
        && at >= At - ClocksApartMax && at <= EndedAt + ClocksApartMax;
}
