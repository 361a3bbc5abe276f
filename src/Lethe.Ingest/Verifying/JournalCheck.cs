using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Verifying;

/// <summary>A store against its journal. Begins before the journal is read: what is stored by then is in the journal by then. Both may be written meanwhile.</summary>
public sealed class JournalCheck : IDisposable
{
    private const int BatchCountMax = 64;
    private const long BatchBytesMax = 16L * 1024 * 1024;

    private readonly ICheckedStore store;
    private readonly ReadConnection connection;
    private readonly string directory;
    private readonly PlaceCheck places;

    internal JournalCheck(ICheckedStore store, string directory)
    {
        this.store = store;
        this.directory = directory;
        connection = store.Open();
        places = new PlaceCheck(store, connection.Db, JournalIdentity.Of(directory));
    }

    /// <summary>The journal by itself, segment by segment: every line and every piece of what was said.</summary>
    /// <param name="anchor">A head of the chain that was taken earlier; null for none.</param>
    /// <param name="passed">Told now and then how many exchanges were passed.</param>
    public JournalVerification Verify(JournalAnchor? anchor = null, Action<long>? passed = null) => JournalVerifier.Run(directory, anchor, passed);

    /// <summary>The journal's own faults, and whether the store can have been made of it.</summary>
    public IEnumerable<VerifyFault> Faults(JournalVerification journal) => journal.Faults
        .Select(fault => new VerifyFault(
            fault.Kind is JournalFaultKind.Truncated or JournalFaultKind.Rewritten ? VerifyFaultKind.Anchor : VerifyFaultKind.Journal,
            fault.At.ToString(),
            fault.Detail,
            SnakeCase.Of(fault.Kind)))
        .Concat(places.Run(journal));

    /// <summary>Every exchange that the store lacks or says otherwise, and every one of the store that is in no journal.</summary>
    /// <param name="interpret">What each exchange means is worked out anew and compared with its row.</param>
    /// <param name="passed">Told now and then how many exchanges were compared.</param>
    public IEnumerable<VerifyFault> Parity(
        JournalVerification journal, Func<CapturedExchange, InterpretedExchange> interpret, Action<long>? passed = null)
    {
        var parity = new ParityCheck(store, connection.Db, interpret, ErasurePlan.ExchangesOf(directory));
        using var consumer = new JournalConsumer(directory, default);
        long count = 0;
        // Damage of the journal is told by its own check.
        foreach (var (exchanges, _) in consumer.ToEnd(BatchCountMax, BatchBytesMax))
        {
            foreach (var fault in exchanges.SelectMany(parity.Compare))
            {
                yield return fault;
            }

            passed?.Invoke(count += exchanges.Count);
        }

        using var bodies = new JournalBodies(directory);
        foreach (var fault in parity.Unjournalled(bodies, JournalIdentity.Of(directory), journal.LeftTo))
        {
            yield return fault;
        }
    }

    public void Dispose() => connection.Dispose();
}
