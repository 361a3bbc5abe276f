using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Storage;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Ingesting;

/// <summary>The store as the loop holds it: opened behind the doors, let go when it fails, and opened again.</summary>
public sealed class IngestStore : IDisposable
{
    /// <summary>Another writer is waited for by trying again, so that a stop is heard in between.</summary>
    private const int BusyTimeoutMilliseconds = 500;

    private readonly string path;
    private readonly SqliteConnection connection;
    private readonly IngestTransaction transaction;

    private IngestStore(string path, SqliteConnection connection, TimeProvider time)
    {
        this.path = path;
        this.connection = connection;
        connection.Execute($"PRAGMA busy_timeout = {BusyTimeoutMilliseconds}");
        connection.DefaultTimeout = 1;
        transaction = new IngestTransaction(connection, time);
    }

    /// <summary>Opens it, makes it, or brings it up to date; on a thread that may block.</summary>
    /// <exception cref="StoreRefusedException">The file is another program's, or a later version's.</exception>
    /// <exception cref="SqliteException">The disk or a lock failed.</exception>
    public static IngestStore Open(string path, TimeProvider time, CancellationToken stopping)
    {
        var connection = OwnThread.Wait(LetheDatabase.OpenAsync(path, time, stopping));
        try
        {
            return new IngestStore(path, connection, time);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Where reading has to go on: behind all that is stored; the journal's beginning for a store that holds nothing.</summary>
    public JournalPosition Cursor => transaction.Cursor(IngestLoop.Consumer) ?? default;

    /// <summary>False once the file was deleted: what is written then is written nowhere.</summary>
    public bool IsThere => File.Exists(path);

    /// <summary>Commits deliveries, word of a line that could not be read, and the position behind them, together or not at all.</summary>
    /// <exception cref="SqliteException">The disk or a lock failed; nothing was written, and the same call may be made again.</exception>
    public IReadOnlyList<DeliveryResult> Commit(IReadOnlyList<ExchangeDelivery> deliveries, JournalPosition end, JournalFault? unreadLine) =>
        transaction.Commit(deliveries, new Dictionary<string, JournalPosition> { [IngestLoop.Consumer] = end }, unreadLine);

    public void Dispose()
    {
        transaction.Dispose();
        connection.Dispose();
    }
}
