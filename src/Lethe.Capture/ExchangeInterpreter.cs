using Lethe.Capture.Chains;
using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Prices;
using Lethe.Capture.Redaction;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture;

/// <summary>From an exchange as it was on the wire to what it meant: turn, chain, session, cost, outcome. Pure; safe for many threads at once.</summary>
/// <param name="prices">What turns cost; null leaves costs unknown.</param>
/// <param name="memo">What was read before, so that the history of a conversation is not read again at every turn; results are the same without it.</param>
public sealed class ExchangeInterpreter(PriceBook? prices = null, RepeatMemo? memo = null)
{
    /// <summary>Never throws for what a wire can carry.</summary>
    public InterpretedExchange Interpret(CapturedExchange exchange)
    {
        using var decoded = TurnDecoder.Decode(exchange, memo);
        var turn = decoded.Turn is { } said ? TurnRedaction.Apply(exchange, said) : null;
        var chain = turn is null ? null : Build(turn, decoded.Repeat);
        var envelope = HarnessDetector.Detect(exchange, decoded.RequestJson, turn, chain);
        if (ProducedKind.Of(exchange) == ProducedKind.TurnEvent)
        {
            envelope = envelope with { KeepsFirst = true };
        }

        var (outcome, reason) = ExchangeOutcome.Of(exchange, turn, decoded.NotDecodedReason);
        return new InterpretedExchange
        {
            Exchange = exchange,
            Outcome = outcome,
            OutcomeReason = reason,
            Envelope = envelope,
            Turn = turn,
            Chain = chain,
            Cost = turn is null ? null : prices?.Price(turn, exchange.CapturedAt),
            RetryKey = ProducedKind.Of(exchange) == ProducedKind.TurnEvent ? null : RetryKey.Of(exchange, decoded.RequestJson, envelope, turn, chain),
        };
    }

    private Chain? Build(Turn turn, Repeat? repeat)
    {
        if (memo is null || repeat is null)
        {
            return ChainBuilder.Build(turn);
        }

        var chain = ChainBuilder.Build(turn, Projection.Current, [.. repeat.Known.Select(known => known.Node!)]);
        if (chain is not null)
        {
            memo.Remember(repeat, turn.Prompt, chain.Nodes);
        }

        return chain;
    }
}
