using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;

namespace Lethe.Ingest.Ingesting;

/// <summary>
/// The store as the loop holds it: opened behind the doors, let go when it fails, and opened again. Of those who would take in one journal, one does: it
/// holds the journal's lease, and its commits fail once another has taken that over.
/// </summary>
public sealed class IngestStore : IDisposable
{
    /// <summary>The owner where a lock of the directory has one process at a time: whoever comes is the one.</summary>
    private const string OfTheDirectory = "the data directory's recorder";

    private static readonly TimeSpan LeaseDuration = TimeSpan.FromMinutes(1);

    private readonly ISessionStore store;
    private readonly Guid journal;
    private readonly TimeProvider time;
    private Lease lease;
    private long renewedAt;

    /// <param name="store">Is let go with this.</param>
    /// <param name="journal">The journal that is taken in.</param>
    /// <param name="owner">Who takes it in, for people to read; nobody else's. Null where a lock of the data directory has one process at a time.</param>
    /// <exception cref="StoreUnavailableException">Another one takes this journal in.</exception>
    public IngestStore(ISessionStore store, Guid journal, TimeProvider time, string? owner = null)
    {
        this.store = store;
        this.journal = journal;
        this.time = time;
        try
        {
            lease = store.TryLease($"journal {journal}", owner ?? OfTheDirectory, LeaseDuration)
                ?? throw new StoreUnavailableException($"Another recorder takes the journal {journal} into this store: a copy of the data directory. Only one of them may.");
            renewedAt = time.GetTimestamp();
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Another writer is waited for by trying again, so that a stop is heard in between.</summary>
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>Opens a SQLite file, makes it, or brings it up to date; on a thread that may block.</summary>
    /// <exception cref="StoreRefusedException">The file is another program's, or a later version's.</exception>
    /// <exception cref="StoreUnavailableException">The disk or a lock failed.</exception>
    public static IngestStore Open(string path, Guid journal, TimeProvider time, CancellationToken stopping) =>
        new(OwnThread.Wait(SqliteStore.OpenAsync(path, time, BusyTimeout, stopping)), journal, time);

    /// <summary>Where reading has to go on: behind all that is stored; the journal's beginning for a store that holds nothing of it.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public JournalPosition Cursor => store.Cursor(IngestLoop.Consumer, journal) ?? default;

    /// <summary>False once what is written is written nowhere.</summary>
    public bool IsThere => store.IsThere;

    /// <summary>Commits deliveries, word of a line that could not be read, and the position behind them, together or not at all.</summary>
    /// <exception cref="StoreUnavailableException">Nothing was written, and the same call may be made again.</exception>
    /// <exception cref="LeaseLostException">Another recorder takes this journal in by now; nothing was written, and nothing more may be.</exception>
    public IReadOnlyList<DeliveryResult> Commit(IReadOnlyList<ExchangeDelivery> deliveries, JournalPosition end, JournalFault? unreadLine)
    {
        Renew();
        return store.Commit(
            deliveries, new CommitOptions { Consumer = IngestLoop.Consumer, Position = end with { Journal = journal }, UnreadLine = unreadLine, Lease = lease });
    }

    public void Dispose()
    {
        try
        {
            store.Release(lease);
        }
        catch (StoreUnavailableException)
        {
            // Then it runs out.
        }

        store.Dispose();
    }

    private void Renew()
    {
        if (time.GetElapsedTime(renewedAt) > LeaseDuration / 3)
        {
            lease = store.TryLease(lease.Name, lease.Owner, LeaseDuration, lease)
                ?? throw new LeaseLostException($"Another recorder has taken over the journal {journal} (it held fencing {lease.Fencing}).");
            renewedAt = time.GetTimestamp();
        }
    }
}
