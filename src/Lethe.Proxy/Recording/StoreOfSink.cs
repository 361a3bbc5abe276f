using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Postgres;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;
using Lethe.Ingest.Sqlite;
using Lethe.Ingest.Verifying;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Shipping;

namespace Lethe.Proxy.Recording;

/// <summary>The store that the configuration names.</summary>
internal static class StoreOfSink
{
    /// <summary>The sink that is a file of the data directory.</summary>
    public const string Sqlite = "sqlite";

    private const string Postgres = "postgres";
    private const string Memory = "memory";

    /// <summary>The sink that is another lethe.</summary>
    public const string Remote = "remote";

    /// <summary>Of a sidecar's own file nothing but its own process writes.</summary>
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>Opens it for the journal with that id, on a thread that may block.</summary>
    /// <exception cref="StoreRefusedException"/>
    /// <exception cref="StoreUnavailableException"/>
    public static IngestStore Open(LetheOptions options, Guid journal, TimeProvider time, CancellationToken stopping) => options.Sink switch
    {
        Postgres => new IngestStore(PostgresStore.Open(ConnectionOf(options), time), journal, time, Recorder(options)),
        Memory => new IngestStore(SqliteStore.OpenMemory(NameOf(journal), time), journal, time),
        Remote => new IngestStore(
            new RemoteStore(
                SqliteStore.OpenAsync(DataLayout.Store(options.DataDirectory), time, BusyTimeout, stopping).GetAwaiter().GetResult(), new Centre(options.Remote, time)),
            journal,
            time),
        _ => IngestStore.Open(DataLayout.Store(options.DataDirectory), journal, time, stopping),
    };

    /// <summary>Reads it, beside the process that writes; each call refuses until it is there.</summary>
    /// <param name="dataDirectory">Whose store is meant.</param>
    public static StoreReader Reader(LetheOptions options, string dataDirectory) => options.Sink switch
    {
        Postgres => PostgresStore.ReaderAt(ConnectionOf(options)),
        Memory => SqliteStore.ReaderOfMemory(NameOf(JournalIdentity.Of(DataLayout.Journal(dataDirectory)))),
        _ => SqliteStore.ReaderAt(DataLayout.Store(dataDirectory)),
    };

    /// <summary>Opens it to write to, beside the process that writes, or with none.</summary>
    /// <param name="dataDirectory">Whose store is meant.</param>
    /// <exception cref="StoreRefusedException"/>
    /// <exception cref="StoreUnavailableException"/>
    public static async Task<ISessionStore> OpenBesideAsync(LetheOptions options, string dataDirectory, CancellationToken cancel) => options.Sink switch
    {
        Postgres => PostgresStore.Open(ConnectionOf(options), TimeProvider.System),
        Memory => throw OfAnotherProcess(),
        Remote => throw OfAnotherLethe(),
        _ => await SqliteStore.OpenAsync(DataLayout.Store(dataDirectory), TimeProvider.System, cancel),
    };

    /// <summary>Looks for faults in it.</summary>
    /// <param name="dataDirectory">Whose store is meant.</param>
    /// <exception cref="StoreRefusedException"/>
    public static StoreVerifier Verifier(LetheOptions options, string dataDirectory) => options.Sink switch
    {
        Postgres => PostgresStore.VerifierAt(ConnectionOf(options)),
        Memory => throw OfAnotherProcess(),
        Remote => throw OfAnotherLethe(),
        _ => SqliteStore.VerifierAt(DataLayout.Store(dataDirectory)),
    };

    /// <summary>Where it lies, when that is not the data directory: for people to read. Null when it lies there.</summary>
    public static string? Elsewhere(LetheOptions options) => options.Sink switch
    {
        Postgres => PostgresStore.NameOf(options.Postgres.ConnectionString),
        Memory => "the memory of the process that runs",
        Remote => options.Remote.Address,
        _ => null,
    };

    /// <summary>Fills its search index, beside the process that writes.</summary>
    /// <param name="dataDirectory">Whose store is meant.</param>
    public static SearchIndexing Indexing(LetheOptions options, string dataDirectory, TimeProvider time, ILogger logger) => options.Sink switch
    {
        Postgres => PostgresStore.IndexAt(ConnectionOf(options), time, logger),
        Memory => SqliteStore.IndexOfMemory(NameOf(JournalIdentity.Of(DataLayout.Journal(dataDirectory))), time, logger),
        _ => SqliteStore.IndexAt(DataLayout.Store(dataDirectory), time, logger),
    };

    /// <summary>Keeps what is in it for as long as the options say; null where it is gone with the process anyhow.</summary>
    public static SessionKeeping? Keep(
        LetheOptions options, Journal journal, string dataDirectory, RetentionSettings settings, Func<CapturedExchange, InterpretedExchange> interpret, TimeProvider time, ILogger logger) =>
        options.Sink switch
        {
            Postgres => PostgresStore.Keep(ConnectionOf(options), Recorder(options), journal, dataDirectory, settings, interpret, time, logger),
            Memory => null,
            _ => SqliteStore.Keep(DataLayout.Store(dataDirectory), journal, dataDirectory, settings, interpret, time, logger),
        };

    // The lock of the directory has one process of this name at a time.
    private static string Recorder(LetheOptions options) => $"{Environment.MachineName}:{Path.GetFullPath(options.DataDirectory)}";

    private static string ConnectionOf(LetheOptions options) => options.Postgres.PasswordFile is { } file
        ? PostgresStore.WithPassword(options.Postgres.ConnectionString, File.ReadAllText(file).Trim())
        : options.Postgres.ConnectionString;

    private static StoreRefusedException OfAnotherProcess() => new("The store is in the memory of the process that runs; no other process reaches it.");

    private static StoreRefusedException OfAnotherLethe() => new("What this recorder took is in the store of another lethe; ask there.");

    private static string NameOf(Guid journal) => $"lethe-{journal:N}";
}
