using System.Security.Cryptography;
using Dapper;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;
using Lethe.Ingest.Verifying;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Lethe.Ingest.Sqlite;

/// <summary>
/// Many deliveries, one transaction of a SQLite file: of each its receipt, which gates all the rest, and what <see cref="Applying"/> makes of it;
/// last the cursor. Other processes may write the same file.
/// </summary>
public sealed class SqliteStore : ISessionStore
{
    /// <summary>Enough for statements to pay, and few enough for the processor's cache to hold them until each is stored.</summary>
    private const int RoundCountMax = 1024;

    private readonly string? path;
    private readonly SqliteConnection connection;
    private readonly TimeProvider time;
    private readonly Prepared begin;
    private readonly Prepared commit;
    private readonly Prepared rollback;
    private readonly Prepared savepoint;
    private readonly Prepared release;
    private readonly Prepared rollbackTo;
    private readonly SqliteNames names;
    private readonly SqliteReceipts receipts;
    private readonly SqliteReplacement replacement;
    private readonly SqliteLeases leases;
    private readonly SqliteRows rows;

    private SqliteStore(string? path, SqliteConnection connection, TimeProvider time)
    {
        this.path = path;
        this.connection = connection;
        this.time = time;
        begin = new Prepared(connection, "BEGIN IMMEDIATE");
        commit = new Prepared(connection, "COMMIT");
        rollback = new Prepared(connection, "ROLLBACK");
        savepoint = new Prepared(connection, "SAVEPOINT delivery");
        release = new Prepared(connection, "RELEASE delivery");
        rollbackTo = new Prepared(connection, "ROLLBACK TO delivery");
        names = new SqliteNames(connection);
        replacement = new SqliteReplacement(connection);
        receipts = new SqliteReceipts(connection);
        leases = new SqliteLeases(connection);
        rows = new SqliteRows(connection, names);
    }

    /// <summary>Opens the store for writing; creates it, or brings an older one up to date. Any number of first openers succeed.</summary>
    /// <exception cref="StoreRefusedException">The file is of another kind, or of a newer version.</exception>
    /// <exception cref="StoreUnavailableException"/>
    public static Task<SqliteStore> OpenAsync(string path, TimeProvider time, CancellationToken cancel = default) => OpenAsync(path, time, null, cancel);

    /// <inheritdoc cref="OpenAsync(string, TimeProvider, CancellationToken)"/>
    /// <param name="busyTimeout">How long another writer is waited for; null for as long as is usual.</param>
    public static async Task<SqliteStore> OpenAsync(string path, TimeProvider time, TimeSpan? busyTimeout, CancellationToken cancel)
    {
        try
        {
            var connection = await LetheDatabase.OpenAsync(path, time, cancel).ConfigureAwait(false);
            if (busyTimeout is { } timeout)
            {
                connection.Execute($"PRAGMA busy_timeout = {(long)timeout.TotalMilliseconds}");
                connection.DefaultTimeout = (int)Math.Ceiling(timeout.TotalSeconds);
            }

            return new SqliteStore(path, connection, time);
        }
        catch (SqliteException fault)
        {
            throw Unavailable(fault);
        }
    }

    /// <summary>Opens an existing store for reading; never changes it.</summary>
    /// <exception cref="StoreRefusedException">There is no store, or it is of another kind or version.</exception>
    public static StoreReader OpenReader(string path)
    {
        LetheDatabase.OpenReadOnly(path).Dispose();
        return ReaderAt(path);
    }

    /// <summary>Of a store that may not be there yet: each call refuses until it is, as <see cref="OpenReader"/> does.</summary>
    public static StoreReader ReaderAt(string path) => new(new SqliteReadConnections(path));

    /// <summary>Looks for faults in a store, which may be written meanwhile.</summary>
    public static StoreVerifier VerifierAt(string path) => new(new SqliteChecks(path));

    /// <summary>Keeps what is there, and takes away what is not to be kept any more, beside who writes.</summary>
    public static SessionKeeping Keep(
        string path,
        Journal journal,
        string dataDirectory,
        RetentionSettings settings,
        Func<CapturedExchange, InterpretedExchange> interpret,
        TimeProvider time,
        ILogger logger) =>
        new(stopping => File.Exists(path) ? SqliteRetention.Open(path, time, stopping) : null, journal, dataDirectory, settings, interpret, time, logger);

    /// <summary>Fills its search index, beside who writes.</summary>
    public static SearchIndexing IndexAt(string path, TimeProvider time, ILogger logger) =>
        new(cancel => SqliteSearchIndex.Open(path, time, cancel), new SqliteReadConnections(path), time, logger);

    /// <summary>As <see cref="IndexAt"/>, of a store of this process's memory.</summary>
    public static SearchIndexing IndexOfMemory(string name, TimeProvider time, ILogger logger) =>
        new(_ => new SqliteSearchIndex(LetheDatabase.OpenMemory(name, isWriter: true, time)), new SqliteMemoryReadConnections(name), time, logger);

    internal SqliteConnection Connection => connection;

    /// <summary>A store that lives as long as the process, for demonstrations and tests.</summary>
    public static SqliteStore OpenMemory(string name, TimeProvider time) => new(null, LetheDatabase.OpenMemory(name, isWriter: true, time), time);

    /// <summary>Reads a store of this process's memory.</summary>
    public static StoreReader ReaderOfMemory(string name) => new(new SqliteMemoryReadConnections(name));

    public bool IsThere => path is null || File.Exists(path);

    public JournalPosition? Cursor(string consumer, Guid journal)
    {
        try
        {
            return receipts.Cursor(consumer, journal);
        }
        catch (SqliteException fault)
        {
            throw Unavailable(fault);
        }
    }

    public IReadOnlyList<DeliveryResult> Commit(IReadOnlyList<ExchangeDelivery> deliveries, CommitOptions? options = null) =>
        TryCommit(deliveries, options ?? CommitOptions.None, oneByOne: false) ?? TryCommit(deliveries, options ?? CommitOptions.None, oneByOne: true)!;

    /// <summary>Puts a delivery aside that another store did not take, once however often it is told.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public void Bury(ExchangeDelivery delivery, string code, string message) => InTransaction(() =>
    {
        receipts.Bury(delivery, code, message, Microseconds.Of(time.GetUtcNow()));
        return true;
    });

    public void RemoveLetter(long letter) => InTransaction(() => receipts.Remove(letter));

    public Lease? TryLease(string name, string owner, TimeSpan duration, Lease? held = null) =>
        InTransaction(() => leases.TryLease(name, owner, new Guid(RandomNumberGenerator.GetBytes(16)), time.GetUtcNow(), duration, held));

    public void Release(Lease lease) => InTransaction(() =>
    {
        leases.Release(lease);
        return true;
    });

    public void Dispose()
    {
        IDisposable[] all = [rows, leases, receipts, names, rollbackTo, release, savepoint, rollback, commit, begin, connection];
        Array.ForEach(all, one => one.Dispose());
    }

    // Null when a delivery cannot be stored. That is rare, so savepoints are not paid for until it happens.
    private DeliveryResult[]? TryCommit(IReadOnlyList<ExchangeDelivery> deliveries, CommitOptions options, bool oneByOne)
    {
        var isStored = false;
        return InTransaction<DeliveryResult[]?>(
            () =>
            {
                if (options.Lease is { } lease)
                {
                    leases.Require(lease);
                }

                var now = Microseconds.Of(time.GetUtcNow());
                DeliveryResult[] results = oneByOne ? [.. deliveries.Select(delivery => StoreAlone(delivery, now))] : Store(deliveries, now);
                isStored = true;
                if (options.UnreadLine is { } line)
                {
                    receipts.Bury(line, now);
                }

                if (options.Consumer is { } consumer)
                {
                    receipts.SetCursor(consumer, options.Position);
                }

                return results;
            },
            poison => !oneByOne && !isStored && SqliteFault.Of(poison) is not null);
    }

    // What is forgiven gives nothing, and leaves nothing.
    private T? InTransaction<T>(Func<T> work, Func<Exception, bool>? isForgiven = null)
    {
        try
        {
            begin.Run();
            var result = work();
            commit.Run();
            return result;
        }
        catch (Exception forgiven) when (isForgiven?.Invoke(forgiven) == true)
        {
            Abandon();
            return default;
        }
        catch (Exception fault)
        {
            Abandon();
            if (fault is SqliteException refused)
            {
                throw Unavailable(refused);
            }

            throw;
        }
    }

    internal static StoreUnavailableException Unavailable(SqliteException fault) =>
        new($"SQLite {fault.SqliteExtendedErrorCode}: {fault.Message}", fault)
        {
            IsPassing = fault.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL,
        };

    private DeliveryResult StoreAlone(ExchangeDelivery delivery, long now)
    {
        savepoint.Run();
        try
        {
            var result = Store([delivery], now)[0];
            release.Run();
            return result;
        }
        catch (Exception poison) when (SqliteFault.Of(poison) is { } code)
        {
            names.Forget();
            rollbackTo.Run();
            release.Run();
            receipts.Bury(delivery, code, poison.Message, now);
            return new DeliveryResult(DeliveryVerdict.Rejected, delivery.Told.Exchange.Id, Code: code);
        }
    }

    private DeliveryResult[] Store(IReadOnlyList<ExchangeDelivery> deliveries, long now)
    {
        var results = new DeliveryResult[deliveries.Count];
        var accepted = new List<(int Place, NewExchange Exchange, string? Code)>(deliveries.Count);
        var stored = 0;
        for (var i = 0; i < deliveries.Count; i++)
        {
            var delivery = deliveries[i];
            if (receipts.TurnAway(names.Org(delivery.Told.Exchange.OrgId), delivery, now, out var told) is { } verdict)
            {
                results[i] = verdict;
                continue;
            }

            if (told is { } before)
            {
                Store(accepted.Skip(stored).Select(one => one.Exchange));
                stored = accepted.Count;
                if (!Replace(delivery, before, now))
                {
                    results[i] = ToldAnew.Superseded(before.Id);
                    continue;
                }
            }

            accepted.Add((i, NewExchange.Of(delivery), told is null ? null : StoreFault.Replaced));
        }

        Store(accepted.Skip(stored).Select(one => one.Exchange));
        foreach (var (place, exchange, code) in accepted)
        {
            var session = exchange.Attempt.Session;
            results[place] = new DeliveryResult(DeliveryVerdict.Accepted, exchange.Told.Exchange.Id, session?.ToString("D"), code, exchange.Told);
        }

        return results;
    }

    private bool Replace(ExchangeDelivery delivery, ToldBefore before, long now)
    {
        var place = replacement.PlaceOf(before.Id);
        if (receipts.IsSuperseded(delivery) || !ToldAnew.IsLater(delivery, before.Id, place))
        {
            receipts.BurySuperseded(delivery, now);
            return false;
        }

        receipts.Renew(names.Org(delivery.Told.Exchange.OrgId), delivery, before, place, now);
        replacement.Run(before.Id);
        return true;
    }

    private void Store(IEnumerable<NewExchange> exchanges)
    {
        var set = new WorkingSet();
        foreach (var round in Rounds.Of(exchanges, RoundCountMax))
        {
            rows.Load(set, round);
            round.ForEach(exchange => Applying.Apply(set, exchange));
            rows.Write(set);
            if (round[0].Correction is not null)
            {
                // The store has moved what no working set knew.
                set = new WorkingSet();
            }
        }
    }

    private void Abandon()
    {
        names.Forget();
        if (connection.Handle is { } database && raw.sqlite3_get_autocommit(database) == 0)
        {
            rollback.Run();
        }
    }
}
