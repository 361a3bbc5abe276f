using Lethe.Capture.Chains;
using Lethe.Capture.Decoding;
using Lethe.Capture.Decoding.Caching;
using Lethe.Capture.Decoding.Produced;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Prices;
using Lethe.Capture.Redaction;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture;

/// <summary>From an exchange as it was on the wire to what it meant: turn, chain, session, cost, outcome. Pure; safe for many threads at once.</summary>
/// <remarks>
/// Of a request whose beginning the journal knows, what lies before the last messages is not looked at. What lies behind is passed over six times,
/// and each is needed: for its hash, for the messages that are known after all, for its UTF-8, for its JSON, for the system prompt and the tools (compared
/// with what was met), and for what else makes a retry. A new message is passed over three times more: its blocks, its node's hash, its copy for the memo.
/// Without the journal's word, a known history is hashed and compared; without a memo, all of it is read.
/// </remarks>
/// <param name="prices">What turns cost; null leaves costs unknown.</param>
/// <param name="memo">What was read before, so that the history of a conversation is not read again at every turn; results are the same without it.</param>
public sealed class ExchangeInterpreter(PriceBook? prices = null, RepeatMemo? memo = null)
{
    /// <summary>
    /// How many of the last messages are read again: the last is often told once more with a mark less, and one try more of a turn replaces the answer
    /// and the message before it.
    /// </summary>
    private const int MessagesAgain = 3;

    /// <summary>A shorter beginning is sooner read than gone on from; and what tells a coding is in it.</summary>
    private const int PointBytesMin = 256;

    /// <summary>Never throws for what a wire can carry.</summary>
    public InterpretedExchange Interpret(CapturedExchange exchange)
    {
        if (ProducedKind.Of(exchange) == ProducedKind.Correction)
        {
            exchange = exchange with { Request = exchange.Request.Hashed() };
            return new InterpretedExchange { Exchange = exchange, Outcome = Outcome.Completed, Envelope = new SessionEnvelope { HarnessId = SessionEnvelope.UnknownHarness } };
        }

        using var decoded = TurnDecoder.Decode(exchange, memo);
        var turn = decoded.Turn is { } said ? TurnRedaction.Apply(exchange, said) : null;
        var (chain, all) = turn is null ? default : Build(turn, decoded.History);
        exchange = Hashed(exchange, decoded.History, all);
        var envelope = HarnessDetector.Detect(exchange, decoded.RequestJson, turn, chain);
        var isToldTurn = ProducedKind.Of(exchange) == ProducedKind.TurnEvent;
        if (isToldTurn)
        {
            envelope = TurnEvents.Envelope(exchange, envelope);
        }

        var cost = turn is null ? null : prices?.Price(turn, exchange.CapturedAt);
        if (prices is not null && turn is { Results.Count: > 0 })
        {
            (turn, cost) = BatchCosts.Of(prices, turn, exchange.CapturedAt);
        }

        var (outcome, reason) = ExchangeOutcome.Of(exchange, turn, decoded.NotDecodedReason);
        var retryKey = isToldTurn ? null : RetryKey.Of(exchange, decoded.RequestJson, envelope, turn, chain);
        if (all is not null)
        {
            (turn, chain) = Remembered(turn!, chain!, all);
        }

        return new InterpretedExchange
        {
            Exchange = exchange,
            Outcome = outcome,
            OutcomeReason = reason,
            Envelope = envelope,
            Turn = turn,
            Chain = chain,
            Cost = cost ?? (isToldTurn && turn is not null ? TurnEvents.Cost(turn) : null),
            RetryKey = retryKey,
        };
    }

    /// <summary>The chain, and all messages of the prompt as the memo has them; null where it has not.</summary>
    private (Chain? Chain, Repeat? All) Build(Turn turn, HistoryReading? history)
    {
        // What a call says upon an answer that it only names is not what other conversations begin with.
        if (memo is null || history is null || turn.PreviousResponseId is { Length: > 0 })
        {
            return (ChainBuilder.Build(turn), null);
        }

        var known = new Node[history.Repeat.Known.Count];
        for (var i = 0; i < known.Length; i++)
        {
            known[i] = history.Repeat.Known[i].Node!;
        }

        var chain = ChainBuilder.Build(turn, Projection.Current, known);
        return (chain, chain is not null && memo.Remember(history.Repeat, turn.Prompt, chain.Nodes, CacheMarks.InMessage) is { } beginning
            ? history.Repeat.Anew(beginning, history.Bytes.Span, history.Offset, history.Start)
            : null);
    }

    /// <summary>The same in the memo's own bytes: the body that was read, many times as long, need not be held for a few messages.</summary>
    private static (Turn Turn, Chain Chain) Remembered(Turn turn, Chain chain, Repeat all)
    {
        var (prompt, nodes) = (turn.Prompt.ToArray(), chain.Nodes.ToArray());
        for (var i = 0; i < all.Known.Count && i < prompt.Length; i++)
        {
            (prompt[i], nodes[i]) = (all.Known[i].Message!, all.Known[i].Node!);
        }

        return (turn with { Prompt = prompt }, chain with { Nodes = nodes });
    }

    private CapturedExchange Hashed(CapturedExchange exchange, HistoryReading? history, Repeat? all)
    {
        if (exchange.Request.Grown is not { } grown)
        {
            return exchange;
        }

        var point = all is null ? null : PointIn(history!, all);
        var request = RequestHash.Of(exchange.Request, grown, history?.Resumed, point);
        if (point is not null)
        {
            memo!.Keep(grown.From, point);
        }

        return exchange with { Request = request };
    }

    /// <summary>The end of a message near the end of the list; null where the body cannot be gone on from.</summary>
    private static ResumePoint? PointIn(HistoryReading history, Repeat all)
    {
        if (history.IsDecoded || all.Known.Count - MessagesAgain <= RequestReading.FirstMessages)
        {
            return null;
        }

        var (known, ends) = all.First(all.Known.Count - MessagesAgain);
        var first = history.Resumed?.First ?? history.Bytes[..(history.Start + ends[RequestReading.FirstMessages - 1])].ToArray();
        var point = new ResumePoint(all.Key, history.Dialect, history.Start, first, all.Beginning!, known, ends);
        return point.End < PointBytesMin || point.End < (history.Resumed?.End ?? 0) ? null : point;
    }
}
