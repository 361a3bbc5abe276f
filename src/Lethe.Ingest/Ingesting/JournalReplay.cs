using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Ingesting;

/// <summary>A whole journal into a store, once: what the store has is recognised and skipped. Any number of other writers may go on meanwhile.</summary>
public sealed class JournalReplay(Func<CapturedExchange, InterpretedExchange> interpret)
{
    private static readonly IngestSettings Batches = new();

    private readonly Dictionary<DeliveryVerdict, long> verdicts = [];

    /// <summary>What was met of the journal and could not be read; the reading went on behind it, but not into a later version.</summary>
    public List<JournalFault> Faults { get; } = [];

    /// <summary>How many deliveries came to this end.</summary>
    public long Count(DeliveryVerdict verdict) => verdicts.GetValueOrDefault(verdict);

    /// <param name="journal">At its beginning, or where the reading is to begin.</param>
    /// <param name="movesCursor">True where nobody else takes this journal into this store: the next reader begins behind all that was replayed.</param>
    /// <param name="passed">Told now and then how many exchanges were replayed.</param>
    /// <exception cref="StoreUnavailableException">The store refused. What was committed stays, and the same may be done again.</exception>
    public void Run(JournalConsumer journal, ISessionStore store, bool movesCursor, Action<long>? passed = null, CancellationToken stopping = default)
    {
        foreach (var (exchanges, fault) in journal.ToEnd(Batches.BatchCountMax, Batches.BatchBytesMax, stopping))
        {
            var batch = new IngestBatch(exchanges, fault, journal.Position);
            foreach (var result in store.Commit(exchanges.ConvertAll(one => ExchangeDelivery.Of(one, interpret, out _)), new CommitOptions { UnreadLine = batch.UnreadLine }))
            {
                verdicts[result.Verdict] = Count(result.Verdict) + 1;
            }

            passed?.Invoke(verdicts.Values.Sum());
            if (fault is not null)
            {
                Faults.Add(fault);
            }

            if (batch.IsOfLaterVersion)
            {
                break;
            }
        }

        if (movesCursor)
        {
            store.Commit([], new CommitOptions { Consumer = IngestLoop.Consumer, Position = journal.Position });
        }
    }
}
