using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Postgres;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Sqlite;
using Lethe.Proxy.Configuration;

namespace Lethe.Proxy.Recording;

/// <summary>The store that the configuration names.</summary>
internal static class StoreOfSink
{
    private const string Postgres = "postgres";
    private const string Memory = "memory";

    /// <summary>Opens it for the journal with that id, on a thread that may block.</summary>
    /// <exception cref="StoreRefusedException"/>
    /// <exception cref="StoreUnavailableException"/>
    public static IngestStore Open(LetheOptions options, Guid journal, TimeProvider time, CancellationToken stopping) => options.Sink switch
    {
        Postgres => new IngestStore(PostgresStore.Open(options.Postgres.ConnectionString, time), journal),
        Memory => new IngestStore(SqliteStore.OpenMemory(NameOf(journal), time), journal),
        _ => IngestStore.Open(DataLayout.Store(options.DataDirectory), journal, time, stopping),
    };

    /// <summary>Reads it, beside the process that writes; each call refuses until it is there.</summary>
    public static StoreReader Reader(LetheOptions options, Guid journal) => options.Sink switch
    {
        Postgres => PostgresStore.ReaderAt(options.Postgres.ConnectionString),
        Memory => SqliteStore.ReaderOfMemory(NameOf(journal)),
        _ => SqliteStore.ReaderAt(DataLayout.Store(options.DataDirectory)),
    };

    private static string NameOf(Guid journal) => $"lethe-{journal:N}";
}
