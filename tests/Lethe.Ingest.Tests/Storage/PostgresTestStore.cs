using System.Collections.Concurrent;
using System.Data;
using Dapper;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Postgres;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;
using Lethe.Ingest.Tests.Ingesting;
using Lethe.Ingest.Tests.Postgres;
using Lethe.Ingest.Verifying;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>A database of its own; used again, emptied, by the tests that follow.</summary>
internal sealed class PostgresTestStore : TestStore
{
    private const string Another = "another writer";

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

    public override ISessionStore OpenAnother() => PostgresStore.Open($"{connectionString};Application Name={Another}", TimeProvider.System);

    public override string State() => StoreState.Of(Reader, Connection, PostgresStoreState.Rows);

    public override IReadOnlyList<string> Faults() =>
    [
        .. PostgresStoreState.Faults.SelectMany(query => Connection.Query<string>(query)),
        .. Verifier.Verify().Select(fault => fault.ToString()),
    ];

    public override StoreVerifier Verifier { get; }

    public string ConnectionString => connectionString;

    public override SessionKeeping Keep(
        Journal journal, string dataDirectory, RetentionSettings settings, Func<CapturedExchange, InterpretedExchange> interpret, TimeProvider time) =>
        PostgresStore.Keep(connectionString, dataDirectory, journal, dataDirectory, settings, interpret, time, NullLogger.Instance);

    public override SearchIndexing Indexing() => PostgresStore.IndexAt(connectionString, TimeProvider.System, NullLogger.Instance);

    public override T Archived<T>(string columns) => Connection.QuerySingle<T>($"SELECT {columns} FROM archived WHERE session = '{Guid.Empty}'");

    public override void Refuse(string step) => Connection.Execute(
        $"""
        CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused by a test'; END $$;
        CREATE TRIGGER refuse {step} FOR EACH ROW EXECUTE FUNCTION refuse()
        """);

    public override void WithEach(string promptId, string statement) => Connection.Execute(
        $"""
        CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statement}; RETURN NULL; END $$;
        CREATE TRIGGER refuse AFTER INSERT ON exchanges FOR EACH ROW WHEN (NEW.prompt_id = '{promptId}') EXECUTE FUNCTION refuse()
        """);

    public override void Allow() => Connection.Execute("DROP FUNCTION refuse CASCADE");

    public override string Bytes()
    {
        Connection.Execute("CHECKPOINT", commandType: CommandType.Text);
        return string.Concat(Connection
            .Query<string>("SELECT current_setting('data_directory') || '/' || pg_relation_filepath(oid) FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace) AND relfilenode > 0")
            .Where(File.Exists)
            .Select(FileText.Read));
    }

    public override IEnumerable<string?> Met() => Connection.Query<string?>(PostgresStoreState.Met);

    public override long Count(string table) => Connection.ExecuteScalar<long>($"SELECT count(*) FROM {table}");

    // A server process tells what it met when it ends.
    public override long Deadlocks()
    {
        Assert.True(SpinWait.SpinUntil(
            () => Connection.ExecuteScalar<long>($"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{Another}' AND datname = current_database()") == 0,
            LoopWorld.WaitMax));
        return Connection.ExecuteScalar<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    }

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
