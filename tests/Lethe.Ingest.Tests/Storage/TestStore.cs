using Dapper;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Storage;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>A store in a directory of its own, gone after the test.</summary>
internal sealed class TestStore : IDisposable
{
    private TestStore(string directory)
    {
        Directory = directory;
        (Connection, Ingest) = Connect(File);
    }

    public string Directory { get; }

    public string File => Path.Combine(Directory, LetheDatabase.FileName);

    public IngestTransaction Ingest { get; private set; }

    public SqliteConnection Connection { get; private set; }

    public StoreReader Reader => StoreReader.Open(File);

    public static string NewDirectory() => System.IO.Directory.CreateTempSubdirectory("lethe-store-").FullName;

    public static TestStore Open(string? directory = null) => new(directory ?? NewDirectory());

    /// <summary>As a process does that ends and starts again: nothing is known but what is in the file.</summary>
    public void Reopen()
    {
        Close();
        (Connection, Ingest) = Connect(File);
    }

    public IReadOnlyList<DeliveryResult> Deliver(params Told[] told) => Ingest.Commit([.. told.Select(one => one.Delivery())]);

    public T Value<T>(string sql, object? parameters = null) => Connection.QuerySingle<T>(sql, parameters);

    public SessionSummary Session(string harnessSessionId, string harness = "claude-code") =>
        Reader.Sessions(new SessionFilter()).Single(session => session.HarnessSessionId == harnessSessionId && session.HarnessId == harness);

    public void Dispose()
    {
        Close();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static (SqliteConnection Connection, IngestTransaction Ingest) Connect(string file)
    {
        var connection = LetheDatabase.OpenAsync(file, TimeProvider.System).GetAwaiter().GetResult();
        return (connection, new IngestTransaction(connection, TimeProvider.System));
    }

    private void Close()
    {
        Ingest.Dispose();
        Connection.Dispose();
    }
}
