using Lethe.Ingest.Journaling;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>
/// Many deliveries, one transaction: of each its receipt, which gates all the rest, and what <see cref="ExchangeStore"/> writes; last the cursors.
/// One writer a process owns it; other processes may write the same file. Not for several threads at once.
/// </summary>
public sealed class IngestTransaction : IDisposable
{
    /// <summary>Enough of them for an index to be met in its order, and few enough for the processor's cache to hold them until each is stored.</summary>
    private const int PreparedAtOnce = 2048;

    private static readonly Dictionary<string, JournalPosition> NoCursors = [];

    private readonly TimeProvider time;
    private readonly Statement begin;
    private readonly Statement commit;
    private readonly Statement rollback;
    private readonly Statement savepoint;
    private readonly Statement release;
    private readonly Statement rollbackTo;
    private readonly Statement dataVersion;
    private readonly ReceiptBook receipts;
    private readonly ExchangeStore exchanges;
    private long lastDataVersion = -1;

    /// <param name="connection">As <see cref="LetheDatabase.OpenAsync"/> gives it; stays the caller's, and is used for nothing else meanwhile.</param>
    public IngestTransaction(SqliteConnection connection, TimeProvider time)
    {
        this.time = time;
        var database = connection.Handle ?? throw new InvalidOperationException("The store is not open.");
        WriteUnchecked(database);
        begin = new Statement(database, "BEGIN IMMEDIATE");
        commit = new Statement(database, "COMMIT");
        rollback = new Statement(database, "ROLLBACK");
        savepoint = new Statement(database, "SAVEPOINT delivery");
        release = new Statement(database, "RELEASE delivery");
        rollbackTo = new Statement(database, "ROLLBACK TO delivery");
        dataVersion = new Statement(database, "PRAGMA data_version");
        receipts = new ReceiptBook(database);
        exchanges = new ExchangeStore(database);
    }

    /// <summary>How far the consumer has come in the journal; null at the beginning.</summary>
    public JournalPosition? Cursor(string consumer) => receipts.Cursor(consumer);

    /// <summary>
    /// Commits the deliveries and the consumers' positions together, or nothing. A delivery that the store cannot take harms only itself.
    /// </summary>
    /// <param name="unreadLine">A line of the journal that cannot be read: word of it is kept where it stands.</param>
    /// <exception cref="SqliteException">The disk or a lock failed; nothing was written, and the same call may be made again.</exception>
    public IReadOnlyList<DeliveryResult> Commit(
        IReadOnlyList<ExchangeDelivery> deliveries, IReadOnlyDictionary<string, JournalPosition>? cursors = null, JournalFault? unreadLine = null) =>
        TryCommit(deliveries, cursors ?? NoCursors, unreadLine, oneByOne: false) ?? TryCommit(deliveries, cursors ?? NoCursors, unreadLine, oneByOne: true)!;

    public void Dispose()
    {
        IDisposable[] all = [exchanges, receipts, dataVersion, rollbackTo, release, savepoint, rollback, commit, begin];
        foreach (var part in all)
        {
            part.Dispose();
        }
    }

    // Null when a delivery cannot be stored. That is rare, so savepoints are not paid for until it happens.
    private DeliveryResult[]? TryCommit(
        IReadOnlyList<ExchangeDelivery> deliveries, IReadOnlyDictionary<string, JournalPosition> cursors, JournalFault? unreadLine, bool oneByOne)
    {
        var stored = false;
        try
        {
            Begin();
            var now = Microseconds.Of(time.GetUtcNow());
            DeliveryResult[] results = [.. oneByOne ? deliveries.Select(delivery => StoreAlone(delivery, now)) : deliveries.Chunk(PreparedAtOnce).SelectMany(some => Store(some, now))];
            exchanges.WriteBack();
            stored = true;
            if (unreadLine is not null)
            {
                receipts.Bury(unreadLine, now);
            }

            foreach (var (consumer, position) in cursors)
            {
                receipts.SetCursor(consumer, position);
            }

            commit.Run();
            exchanges.Age();
            return results;
        }
        catch (Exception poison) when (!oneByOne && !stored && StoreFault.Of(poison) is not null)
        {
            Abandon();
            return null;
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    // Every row number written here was read or written in the same transaction, and the other checks are on what was just worked out: to look
    // again is a seventh of the time. lethe verify looks at all of it.
    private static void WriteUnchecked(sqlite3 database)
    {
        foreach (var pragma in (string[])["PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON"])
        {
            using var off = new Statement(database, pragma);
            off.Run();
        }
    }

    private void Begin()
    {
        begin.Run();
        if (dataVersion.Scalar() is { } version && version != lastDataVersion)
        {
            lastDataVersion = version;
            exchanges.Forget();
        }
    }

    // Nothing of another delivery is in memory only when this one begins, so all that it did can be taken back.
    private DeliveryResult StoreAlone(ExchangeDelivery delivery, long now)
    {
        savepoint.Run();
        try
        {
            var result = Store([delivery], now)[0];
            exchanges.WriteBack();
            release.Run();
            return result;
        }
        catch (Exception poison) when (StoreFault.Of(poison) is { } code)
        {
            exchanges.Forget();
            rollbackTo.Run();
            release.Run();
            receipts.Bury(delivery, code, poison.Message, now);
            return new DeliveryResult(DeliveryVerdict.Rejected, delivery.Told.Exchange.Id, Code: code);
        }
    }

    private DeliveryResult[] Store(ExchangeDelivery[] deliveries, long now)
    {
        var results = new DeliveryResult[deliveries.Length];
        var places = new List<int>(results.Length);
        var accepted = new List<NewExchange>(results.Length);
        for (var i = 0; i < results.Length; i++)
        {
            var org = exchanges.Org(deliveries[i].Told.Exchange.OrgId);
            if (TurnAway(org, deliveries[i], now) is { } verdict)
            {
                results[i] = verdict;
            }
            else
            {
                places.Add(i);
                accepted.Add(NewExchange.Of(org, deliveries[i]));
            }
        }

        exchanges.Expect(accepted);
        for (var i = 0; i < accepted.Count; i++)
        {
            var (session, stored) = exchanges.Store(accepted[i]);
            results[places[i]] = new DeliveryResult(DeliveryVerdict.Accepted, stored.Exchange.Id, session?.SessionId, Stored: stored);
        }

        return results;
    }

    private DeliveryResult? TurnAway(long org, ExchangeDelivery delivery, long now)
    {
        var exchange = delivery.Told.Exchange;
        switch (receipts.Take(org, exchange, delivery.ContentHash, now, out var earlier))
        {
            case Gate.Replayed:
                return new DeliveryResult(DeliveryVerdict.Duplicate, earlier, Code: "duplicate");
            case Gate.Conflict:
                receipts.Bury(delivery, "idempotency_conflict", $"Commit key {exchange.CommitKey} was used before with other content.", now);
                return new DeliveryResult(DeliveryVerdict.Conflict, earlier, Code: "idempotency_conflict");
            default:
                return null;
        }
    }

    private void Abandon()
    {
        exchanges.Forget();
        try
        {
            rollback.Run();
        }
        catch (SqliteException gone) when (gone.SqliteErrorCode == raw.SQLITE_ERROR)
        {
            // None is open: it never began, or SQLite has rolled back by itself, as it does on a full disk.
        }
    }
}
