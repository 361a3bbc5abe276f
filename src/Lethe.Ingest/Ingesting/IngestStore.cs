using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;

namespace Lethe.Ingest.Ingesting;

/// <summary>The store as the loop holds it: opened behind the doors, let go when it fails, and opened again.</summary>
/// <param name="store">Is let go with this.</param>
/// <param name="journal">The journal that is taken in.</param>
public sealed class IngestStore(ISessionStore store, Guid journal) : IDisposable
{
    /// <summary>Another writer is waited for by trying again, so that a stop is heard in between.</summary>
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>Opens a SQLite file, makes it, or brings it up to date; on a thread that may block.</summary>
    /// <exception cref="StoreRefusedException">The file is another program's, or a later version's.</exception>
    /// <exception cref="StoreUnavailableException">The disk or a lock failed.</exception>
    public static IngestStore Open(string path, Guid journal, TimeProvider time, CancellationToken stopping) =>
        new(OwnThread.Wait(SqliteStore.OpenAsync(path, time, BusyTimeout, stopping)), journal);

    /// <summary>Where reading has to go on: behind all that is stored; the journal's beginning for a store that holds nothing of it.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public JournalPosition Cursor => store.Cursor(IngestLoop.Consumer, journal) ?? default;

    /// <summary>False once what is written is written nowhere.</summary>
    public bool IsThere => store.IsThere;

    /// <summary>Commits deliveries, word of a line that could not be read, and the position behind them, together or not at all.</summary>
    /// <exception cref="StoreUnavailableException">Nothing was written, and the same call may be made again.</exception>
    public IReadOnlyList<DeliveryResult> Commit(IReadOnlyList<ExchangeDelivery> deliveries, JournalPosition end, JournalFault? unreadLine) =>
        store.Commit(deliveries, new CommitOptions { Consumer = IngestLoop.Consumer, Position = end with { Journal = journal }, UnreadLine = unreadLine });

    public void Dispose() => store.Dispose();
}
