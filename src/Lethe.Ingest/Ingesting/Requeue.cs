using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Ingesting;

/// <summary>Delivers dead letters again, out of the journal that their exchanges are still in.</summary>
/// <param name="store">Stays the caller's; other processes may write the same store.</param>
public sealed class Requeue(string journalDirectory, ISessionStore store, Func<CapturedExchange, InterpretedExchange> interpret)
{
    /// <summary>What became of it; null when the journal does not hold it any more, or it still cannot be read.</summary>
    public DeliveryResult? Deliver(DeadLetter letter)
    {
        // The seal is checked on the way: a line that was broken is not believed because somebody asks again.
        var at = letter.At with { Journal = JournalIdentity.Of(journalDirectory) };
        using var journal = new JournalConsumer(journalDirectory, at);
        var found = new List<JournaledExchange>();
        journal.ReadBatch(found, countMax: 1, bytesMax: 1);
        return found is [var exchange] && exchange.At == at && (letter.ExchangeId is null || letter.ExchangeId == exchange.Exchange.Id.ToString())
            ? store.Commit([ExchangeDelivery.Of(exchange, interpret, out _)])[0]
            : null;
    }
}
