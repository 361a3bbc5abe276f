using Dapper;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;
using Lethe.Ingest.Sqlite;
using Lethe.Ingest.Verifying;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>A store in a directory of its own.</summary>
internal sealed class SqliteTestStore : TestStore
{
    private SqliteStore store;

    private SqliteTestStore(string directory)
    {
        Directory = directory;
        store = Connect();
        Reader = SqliteStore.OpenReader(File);
        Verifier = SqliteStore.VerifierAt(File);
    }

    public string Directory { get; }

    public string File => Path.Combine(Directory, LetheDatabase.FileName);

    public override ISessionStore Ingest => store;

    public override StoreReader Reader { get; }

    public SqliteConnection Connection => store.Connection;

    public static string NewDirectory() => System.IO.Directory.CreateTempSubdirectory("lethe-store-").FullName;

    public static SqliteTestStore Open(string? directory = null) => new(directory ?? NewDirectory());

    public override void Reopen()
    {
        store.Dispose();
        store = Connect();
    }

    public override ISessionStore OpenAnother() => Connect();

    public override string State() => StoreState.Of(Reader, Connection, SqliteStoreState.Rows);

    public override IReadOnlyList<string> Faults() => [.. Verifier.Verify().Select(fault => fault.ToString())];

    public override IEnumerable<string?> Met() => Connection.Query<string?>(SqliteStoreState.Met);

    public override long Count(string table) => Connection.ExecuteScalar<long>($"SELECT count(*) FROM {table}");

    // One writes at a time.
    public override long Deadlocks() => 0;

    public override StoreVerifier Verifier { get; }

    public override SessionKeeping Keep(
        Journal journal, string dataDirectory, RetentionSettings settings, Func<CapturedExchange, InterpretedExchange> interpret, TimeProvider time) =>
        SqliteStore.Keep(File, journal, dataDirectory, settings, interpret, time, NullLogger.Instance);

    public override SearchIndexing Indexing() => SqliteStore.IndexAt(File, TimeProvider.System, NullLogger.Instance);

    public override T Archived<T>(string columns) => Connection.QuerySingle<T>($"SELECT {columns} FROM archived WHERE session_id = ''");

    public override void Refuse(string step) => Connection.Execute($"CREATE TRIGGER refuse {step} BEGIN SELECT RAISE(ABORT, 'refused by a test'); END");

    public override void WithEach(string promptId, string statement) =>
        Connection.Execute($"CREATE TRIGGER refuse AFTER INSERT ON exchanges WHEN NEW.prompt_id = '{promptId}' BEGIN {statement}; END");

    public override void Allow() => Connection.Execute("DROP TRIGGER refuse");

    public override string Bytes() => string.Concat(System.IO.Directory.GetFiles(Directory, LetheDatabase.FileName + "*").Select(FileText.Read));

    public override void Dispose()
    {
        Reader.Dispose();
        store.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    // The disk is not what is tested here.
    private SqliteStore Connect()
    {
        var opened = SqliteStore.OpenAsync(File, TimeProvider.System).GetAwaiter().GetResult();
        opened.Connection.Execute("PRAGMA synchronous = OFF");
        return opened;
    }
}
