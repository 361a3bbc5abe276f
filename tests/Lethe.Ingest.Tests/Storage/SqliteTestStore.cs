using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Sqlite;
using Lethe.Ingest.Verifying;
using Microsoft.Data.Sqlite;

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

    public override IReadOnlyList<string> Faults() => [.. SqliteStore.VerifierAt(File).Verify().Select(fault => fault.ToString())];

    public override IEnumerable<string?> Met() => Connection.Query<string?>(SqliteStoreState.Met);

    public override long Count(string table) => Connection.ExecuteScalar<long>($"SELECT count(*) FROM {table}");

    public T Value<T>(string sql, object? parameters = null) => Connection.QuerySingle<T>(sql, parameters);

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
