using System.Security.Cryptography;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;
using Lethe.Ingest.Verifying;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>
/// Many recorders, one database, each out of its own journal. A transaction takes its receipts first, then <see cref="PostgresLocks"/>, then rows:
/// sessions, nodes, blobs and callers, each by key, the order of commits, and what is counted by that. What another one was in the way of is made again
/// whole, and alone.
/// </summary>
public sealed class PostgresStore : ISessionStore
{
    private const int TriesMax = 20;

    private readonly NpgsqlDataSource source;
    private readonly TimeProvider time;
    private PostgresSession? session;

    private PostgresStore(NpgsqlDataSource source, TimeProvider time)
    {
        this.source = source;
        this.time = time;
    }

    /// <summary>Makes the schema, or brings an older one up to date. Any number of first openers succeed.</summary>
    /// <exception cref="StoreRefusedException">The database holds another schema, or a newer version's.</exception>
    /// <exception cref="StoreUnavailableException"/>
    public static PostgresStore Open(string connectionString, TimeProvider time)
    {
        var store = new PostgresStore(PostgresDatabase.Connect(connectionString), time);
        try
        {
            using var connection = store.source.OpenConnection();
            PostgresDatabase.Migrate(connection, time);
            return store;
        }
        catch (Exception fault)
        {
            store.Dispose();
            throw fault is NpgsqlException or TimeoutException ? Unavailable(fault) : fault;
        }
    }

    /// <summary>Reads a database that may not be there yet, or not be reached: each call refuses until it is.</summary>
    public static StoreReader ReaderAt(string connectionString) => new(new PostgresReadConnections(PostgresDatabase.Connect(connectionString)));

    /// <summary>Looks for faults in a store, which may be written meanwhile.</summary>
    public static StoreVerifier VerifierAt(string connectionString) => new(new PostgresChecks(PostgresDatabase.Connect(connectionString, isPatient: true)));

    /// <summary>Keeps what is there, and takes away what is not to be kept any more, beside who writes; of many recorders one at a time.</summary>
    /// <param name="owner">The recorder, for people to read; nobody else's.</param>
    public static SessionKeeping Keep(
        string connectionString,
        string owner,
        Journal journal,
        string dataDirectory,
        RetentionSettings settings,
        Func<CapturedExchange, InterpretedExchange> interpret,
        TimeProvider time,
        ILogger logger) =>
        new(_ => PostgresRetention.Open(connectionString, journal.Id, owner, time), journal, dataDirectory, settings, interpret, time, logger);

    /// <summary>Fills its search index, beside who writes.</summary>
    public static SearchIndexing IndexAt(string connectionString, TimeProvider time, ILogger logger) =>
        new(_ => PostgresSearchIndex.Open(connectionString), new PostgresReadConnections(PostgresDatabase.Connect(connectionString)), time, logger);

    /// <summary>How the database is reached, with a password that stands elsewhere.</summary>
    public static string WithPassword(string connectionString, string password) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Password = password }.ConnectionString;

    /// <summary>The database and its server, for people to read; no credentials.</summary>
    public static string NameOf(string connectionString)
    {
        var told = new NpgsqlConnectionStringBuilder(connectionString);
        return $"the database {told.Database ?? told.Username} on {told.Host}:{told.Port}";
    }

    public bool IsThere => true;

    public JournalPosition? Cursor(string consumer, Guid journal) => InTransaction(session => session.Receipts.Cursor(consumer, journal));

    public IReadOnlyList<DeliveryResult> Commit(IReadOnlyList<ExchangeDelivery> deliveries, CommitOptions? options = null) =>
        TryCommit(deliveries, options ?? CommitOptions.None, oneByOne: false) ?? TryCommit(deliveries, options ?? CommitOptions.None, oneByOne: true)!;

    public void RemoveLetter(long letter) => InTransaction(session => session.Receipts.Remove(letter));

    public Lease? TryLease(string name, string owner, TimeSpan duration, Lease? held = null) =>
        InTransaction(session => session.Leases.TryLease(name, owner, new Guid(RandomNumberGenerator.GetBytes(16)), duration, held));

    public void Release(Lease lease) => InTransaction(session =>
    {
        session.Leases.Release(lease);
        return true;
    });

    public void Dispose()
    {
        session?.Dispose();
        source.Dispose();
    }

    // Null when a delivery cannot be stored. That is rare, so savepoints are not paid for until it happens.
    private DeliveryResult[]? TryCommit(IReadOnlyList<ExchangeDelivery> deliveries, CommitOptions options, bool oneByOne)
    {
        Guarded(session =>
        {
            if (oneByOne)
            {
                // What cannot be stored may belong to a month that another recorder has dropped.
                session.Partitions.Forget();
            }

            session.Partitions.Make(deliveries.Select(delivery => delivery.Told.Exchange));
        });
        return InTransaction<DeliveryResult[]?>(
            (session, isAgain) =>
            {
                session.BeginStoring(alone: isAgain || oneByOne);
                if (options.Lease is { } lease)
                {
                    session.Leases.Require(lease);
                }

                var now = Microseconds.Of(time.GetUtcNow());
                DeliveryResult[] results = oneByOne ? [.. deliveries.Select(delivery => session.StoreAlone(delivery, now))] : session.Store(deliveries, now);
                if (options.UnreadLine is { } line)
                {
                    session.Receipts.Bury(line, now);
                }

                if (options.Consumer is { } consumer)
                {
                    session.Receipts.SetCursor(consumer, options.Position);
                }

                return results;
            },
            poison => !oneByOne && PostgresFault.Of(poison) is not null);
    }

    private T? InTransaction<T>(Func<PostgresSession, T> work) => InTransaction((session, _) => work(session), isForgiven: _ => false);

    // Work is told whether it is made again. What is forgiven gives nothing, and leaves nothing.
    private T? InTransaction<T>(Func<PostgresSession, bool, T> work, Func<Exception, bool> isForgiven)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return Guarded(open =>
                {
                    using var transaction = open.Begin();
                    var result = work(open, tries > 1);
                    transaction.Commit();
                    return result;
                });
            }
            catch (Exception forgiven) when (isForgiven(forgiven))
            {
                return default;
            }
            catch (Exception passing) when (PostgresFault.IsPassing(passing) && tries < TriesMax)
            {
                // All of it again: what the other one did is seen then.
            }
            catch (Exception fault) when (fault is NpgsqlException or OvertakenException or TimeoutException or IOException)
            {
                throw Unavailable(fault);
            }
        }
    }

    private void Guarded(Action<PostgresSession> work)
    {
        try
        {
            Guarded(open =>
            {
                work(open);
                return true;
            });
        }
        catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
        {
            throw Unavailable(fault);
        }
    }

    // A connection that failed is not used again.
    private T Guarded<T>(Func<PostgresSession, T> work)
    {
        try
        {
            session ??= new PostgresSession(source.OpenConnection());
            return work(session);
        }
        catch (Exception fault)
        {
            if (session is { IsUsable: false } || fault is not PostgresException)
            {
                session?.Dispose();
                session = null;
            }

            throw;
        }
    }

    internal static StoreUnavailableException Unavailable(Exception fault) =>
        new($"PostgreSQL {(fault as PostgresException)?.SqlState}: {fault.Message}", fault) { IsPassing = true };
}
