using System.Collections.Concurrent;
using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Postgres;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Tests.Postgres;
using Lethe.Ingest.Verifying;
using Npgsql;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>A database of its own; used again, emptied, by the tests that follow.</summary>
internal sealed class PostgresTestStore : TestStore
{
    private static readonly ConcurrentBag<string> Idle = [];
    private static int made;

    private readonly string database;
    private readonly string connectionString;
    private PostgresStore store;

    private PostgresTestStore(string database)
    {
        this.database = database;
        connectionString = PostgresServer.Shared.ConnectionString(database);
        store = PostgresStore.Open(connectionString, TimeProvider.System);
        Reader = PostgresStore.ReaderAt(connectionString);
        Verifier = PostgresStore.VerifierAt(connectionString);
        Connection = new NpgsqlConnection(connectionString);
        Connection.Open();
    }

    public override ISessionStore Ingest => store;

    public override StoreReader Reader { get; }

    public NpgsqlConnection Connection { get; }

    public static PostgresTestStore Open()
    {
        if (!Idle.TryTake(out var database))
        {
            database = $"lethe_{Interlocked.Increment(ref made)}";
            PostgresServer.Shared.Create(database);
        }

        return new PostgresTestStore(database);
    }

    public override void Reopen()
    {
        store.Dispose();
        store = PostgresStore.Open(connectionString, TimeProvider.System);
    }

    public override ISessionStore OpenAnother() => PostgresStore.Open(connectionString, TimeProvider.System);

    public override string State() => StoreState.Of(Reader, Connection, PostgresStoreState.Rows);

    public override IReadOnlyList<string> Faults() =>
    [
        .. PostgresStoreState.Faults.SelectMany(query => Connection.Query<string>(query)),
        .. Verifier.Verify().Select(fault => fault.ToString()),
    ];

    public StoreVerifier Verifier { get; }

    public override IEnumerable<string?> Met() => Connection.Query<string?>(PostgresStoreState.Met);

    public override long Count(string table) => Connection.ExecuteScalar<long>($"SELECT count(*) FROM {table}");

    public override void Dispose()
    {
        store.Dispose();
        Connection.Execute(PostgresStoreState.Empty);
        Connection.Dispose();
        Reader.Dispose();
        Verifier.Dispose();
        Idle.Add(database);
    }
}
