using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Meaning;

/// <summary>One delivery of one exchange: what it means, the SHA-256 of its content (32 bytes), and where its bodies are.</summary>
public sealed record ExchangeDelivery(InterpretedExchange Told, byte[] ContentHash, JournalPosition? At)
{
    /// <summary>
    /// What the delivery is recognised by. Only a producer at the ingest door brings a key of its own: clients re-send their headers, so what one says
    /// at a wire door identifies nothing.
    /// </summary>
    public string Key => KeyOf(Told.Exchange);

    /// <summary>The key that a client sent through a wire door; null when it sent none. It is kept, and gates nothing.</summary>
    public string? ClientKey => ClientKeyOf(Told.Exchange);

    /// <summary>What the client of a wire door called its call, at this door or at that of the recorder which shipped it.</summary>
    public static string? ClientKeyOf(CapturedExchange exchange) =>
        StorableText.Of(exchange.Attributes.GetValueOrDefault(ClientKeyAttribute) ?? exchange.CommitKey) is { Length: > 0 } key && key != KeyOf(exchange) ? key : null;

    /// <summary>Under this attribute another recorder tells what the client of a wire door called its call.</summary>
    public const string ClientKeyAttribute = "lethe.ingest.client";

    /// <summary>The key of an exchange's delivery.</summary>
    public static string KeyOf(CapturedExchange exchange) =>
        exchange.Door == Door.Ingest ? StorableText.Of(exchange.CommitKey) : exchange.Id.ToString();

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

        // The interpreter may have hashed what was not hashed before.
        return new ExchangeDelivery(told, Journaling.ContentHash.Of(told.Exchange), journaled.At);
    }
}

/// <summary>What became of a delivery.</summary>
public enum DeliveryVerdict
{
    /// <summary>Stored, and counted once.</summary>
    Accepted,

    /// <summary>Was stored before, with the same content: nothing was written but the count of replays.</summary>
    Duplicate,

    /// <summary>Its key was used before with other content: nothing was overwritten, a dead letter tells of it.</summary>
    Conflict,

    /// <summary>The store could not take it: a dead letter names the code.</summary>
    Rejected,
}

/// <summary>What became of a delivery.</summary>
/// <param name="ExchangeId">The stored exchange; for a duplicate or a conflict the one stored first.</param>
/// <param name="SessionId">The session it went to; null when it has none, or for anything not accepted.</param>
/// <param name="Code">Null when accepted, but <c>replaced</c> for a turn that was told anew; else <c>duplicate</c>, <c>idempotency_conflict</c>, <c>DB_CONSTRAINT</c>, …</param>
/// <param name="Stored">What an accepted exchange came to mean beside those that are stored; null for anything else.</param>
public readonly record struct DeliveryResult(
    DeliveryVerdict Verdict, ExchangeId ExchangeId, string? SessionId = null, string? Code = null, InterpretedExchange? Stored = null);
