using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Storage;

/// <summary>One delivery of one exchange: what it means, the SHA-256 of its journalled content (32 bytes), and where its bodies are.</summary>
public sealed record ExchangeDelivery(InterpretedExchange Told, byte[] ContentHash, JournalPosition? BodyAt)
{
    /// <summary>An exchange of the journal with its meaning. A bug of the interpreter costs the meaning, never the exchange.</summary>
    public static ExchangeDelivery Of(JournaledExchange journaled, Func<CapturedExchange, InterpretedExchange> interpret, out Exception? bug)
    {
        bug = null;
        InterpretedExchange told;
        try
        {
            told = interpret(journaled.Exchange);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            bug = failure;
            told = new InterpretedExchange
            {
                Exchange = journaled.Exchange,
                Outcome = Outcome.NotDecoded,
                OutcomeReason = "interpreter_failed",
                Envelope = new SessionEnvelope { HarnessId = "unknown" },
            };
        }

        return new ExchangeDelivery(told, journaled.ContentHash, journaled.At);
    }
}

/// <summary>What became of a delivery.</summary>
public enum DeliveryVerdict
{
    /// <summary>Stored, and counted once.</summary>
    Accepted,

    /// <summary>Was stored before, with the same content: nothing was written but the count of replays.</summary>
    Duplicate,

    /// <summary>Its commit key was used before with other content: nothing was overwritten, a dead letter tells of it.</summary>
    Conflict,

    /// <summary>The store could not take it: a dead letter names the code.</summary>
    Rejected,
}

/// <summary>What became of a delivery, in the order they were given.</summary>
/// <param name="ExchangeId">The stored exchange; for a duplicate or a conflict the one stored first.</param>
/// <param name="SessionId">The session it went to; null when it has none, or for anything not accepted.</param>
/// <param name="Code">Null when accepted; else <c>duplicate</c>, <c>idempotency_conflict</c>, <c>DB_CONSTRAINT</c>, …</param>
/// <param name="Stored">What an accepted exchange came to mean beside those that are stored; null for anything else.</param>
public readonly record struct DeliveryResult(
    DeliveryVerdict Verdict, ExchangeId ExchangeId, string? SessionId = null, string? Code = null, InterpretedExchange? Stored = null);
