using Dapper;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Storage;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>A store in a directory of its own, gone after the test.</summary>
internal sealed class TestStore : IDisposable
{
    private readonly SqliteConnection connection;

    private TestStore(string directory, SqliteConnection connection)
    {
        Directory = directory;
        this.connection = connection;
        Ingest = new IngestTransaction(connection, TimeProvider.System);
    }

    public string Directory { get; }

    public string File => Path.Combine(Directory, LetheDatabase.FileName);

    public IngestTransaction Ingest { get; }

    public SqliteConnection Connection => connection;

    public StoreReader Reader => StoreReader.Open(File);

    public static string NewDirectory() => System.IO.Directory.CreateTempSubdirectory("lethe-store-").FullName;

    public static TestStore Open(string? directory = null)
    {
        directory ??= NewDirectory();
        return new TestStore(directory, LetheDatabase.OpenAsync(Path.Combine(directory, LetheDatabase.FileName), TimeProvider.System).GetAwaiter().GetResult());
    }

    public IReadOnlyList<DeliveryResult> Deliver(params Told[] told) => Ingest.Commit([.. told.Select(one => one.Delivery())]);

    public T Value<T>(string sql, object? parameters = null) => connection.QuerySingle<T>(sql, parameters);

    public SessionSummary Session(string harnessSessionId, string harness = "claude-code") =>
        Reader.Sessions(new SessionFilter()).Single(session => session.HarnessSessionId == harnessSessionId && session.HarnessId == harness);

    public void Dispose()
    {
        Ingest.Dispose();
        connection.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
