using Lethe.Capture.Chains;
using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Prices;
using Lethe.Capture.Redaction;

namespace Lethe.Capture;

/// <summary>From an exchange as it was on the wire to what it meant: turn, chain, session, cost, outcome. Pure; safe for many threads at once.</summary>
/// <param name="prices">What turns cost; null leaves costs unknown.</param>
public sealed class ExchangeInterpreter(PriceBook? prices = null)
{
    /// <summary>Never throws for what a wire can carry.</summary>
    public InterpretedExchange Interpret(CapturedExchange exchange)
    {
        using var decoded = TurnDecoder.Decode(exchange);
        var turn = decoded.Turn is { } said ? TurnRedaction.Apply(exchange, said) : null;
        var chain = turn is null ? null : ChainBuilder.Build(turn);
        var envelope = HarnessDetector.Detect(exchange, decoded.RequestJson, turn, chain);
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
            RetryKey = RetryKey.Of(exchange, decoded.RequestJson, envelope),
        };
    }
}
