using Lethe.Capture;
using Lethe.Capture.Prices;
using Lethe.Capture.Redaction;
using Lethe.Capture.Repeats;
using Lethe.Ingest;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Recording;
using Lethe.Ingest.Storage;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Forwarding;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Hosting;

/// <summary>
/// The one memory behind all doors: recorder → journal → ingest → store. Opened in the order journal, store, ingest, recorder; closed the other
/// way round, so that what a client saw before the end is in the store after it.
/// </summary>
internal sealed class RecordingPipeline : IAsyncDisposable
{
    /// <summary>What ingest has not taken in by then waits in the journal for the next start.</summary>
    private static readonly TimeSpan CatchUpMax = TimeSpan.FromSeconds(10);

    private readonly Journal journal;
    private readonly JournalConsumer consumer;
    private readonly SqliteConnection connection;
    private readonly IngestTransaction transaction;
    private readonly IngestLoop loop;
    private readonly Recorder recorder;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task ingesting;

    private RecordingPipeline(LetheOptions options, string dataDirectory, Journal journal, SqliteConnection connection, TimeProvider time, ILoggerFactory logs)
    {
        this.journal = journal;
        this.connection = connection;
        this.time = time;
        logger = logs.CreateLogger<RecordingPipeline>();
        IngestMeter.BeginAtZero();
        Reader = StoreReader.Open(DataLayout.Store(dataDirectory));
        transaction = new IngestTransaction(connection, time);
        consumer = journal.Consume(IngestLoop.StartOf(transaction), IngestLoop.ReadToOf(transaction));
        var interpreter = new ExchangeInterpreter(PriceBook.Embedded, new RepeatMemo());
        loop = new IngestLoop(consumer, transaction, interpreter.Interpret, new IngestSettings(), time, logs.CreateLogger<IngestLoop>());
        loop.Consumed += journal.ReportConsumed;
        var redactor = new ExchangeRedactor(CredentialKeyFile.LoadOrCreate(DataLayout.CredentialKey(dataDirectory)), options.Redaction.Bodies);
        recorder = new Recorder(journal, RecorderSettingsOf(options), time, logs.CreateLogger<Recorder>(), redactor);
        Sink = new ExchangeSink(recorder.Begin, IsStrict(options) ? recorder.WhenDurable : null);
        ingesting = Task.Run(IngestAsync);
    }

    /// <summary>Where the doors hand over what passes.</summary>
    public ExchangeSink Sink { get; }

    public StoreReader Reader { get; }

    /// <exception cref="HostFault">The journal or the store is another's, of another kind, or the disk refuses.</exception>
    public static async Task<RecordingPipeline> OpenAsync(LetheOptions options, string dataDirectory, TimeProvider time, ILoggerFactory logs, CancellationToken cancel)
    {
        Journal? journal = null;
        SqliteConnection? connection = null;
        try
        {
            journal = Journal.Open(JournalSettingsOf(options, dataDirectory), time, logs.CreateLogger<Journal>());
            connection = await LetheDatabase.OpenAsync(DataLayout.Store(dataDirectory), time, cancel);
            return new RecordingPipeline(options, dataDirectory, journal, connection, time, logs);
        }
        catch (Exception fault)
        {
            if (journal is not null)
            {
                await journal.DisposeAsync();
            }

            connection?.Dispose();
            throw fault is IOException or UnauthorizedAccessException or StoreRefusedException or SqliteException or InvalidDataException
                ? new HostFault($"the data directory {dataDirectory} cannot be opened: {fault.Message}", fault)
                : fault;
        }
    }

    public PipelineState State()
    {
        var (records, bytes) = consumer.Lag();
        return new PipelineState(journal.IsWritable, IsStoreReachable(), !ingesting.IsCompleted, records, bytes);
    }

    /// <summary>Writes what is in flight, takes in what was written, and lets everything go. The doors are closed by then.</summary>
    public async ValueTask DisposeAsync()
    {
        await recorder.DisposeAsync();
        await stopping.CancelAsync();
        await ingesting;
        using var bound = new CancellationTokenSource(CatchUpMax, time);
        try
        {
            await loop.CatchUpAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            Log.CatchUpLeft(logger, CatchUpMax.TotalSeconds);
        }

        await journal.DisposeAsync();
        consumer.Dispose();
        transaction.Dispose();
        connection.Dispose();
        stopping.Dispose();
    }

    private static bool IsStrict(LetheOptions options) => options.Journal.Durability == "strict";

    private static JournalSettings JournalSettingsOf(LetheOptions options, string dataDirectory) => new()
    {
        Directory = DataLayout.Journal(dataDirectory),
        SegmentBytesMax = options.Journal.SegmentBytesMax,
        FlushInterval = TimeSpan.FromMilliseconds(options.Journal.FlushIntervalMilliseconds),
        Strict = IsStrict(options),
    };

    private static RecorderSettings RecorderSettingsOf(LetheOptions options) => new()
    {
        BodyBytesMax = options.Capture.BodyBytesMax,
        PendingBytesMax = options.Capture.PendingBytesMax,
        PartInterval = TimeSpan.FromMilliseconds(options.Journal.PartIntervalMilliseconds),
        PartBytes = options.Journal.PartBytes,
    };

    private async Task IngestAsync()
    {
        try
        {
            await loop.RunAsync(stopping.Token);
        }
        catch (Exception bug)
        {
            // Captures go on into the journal; readiness tells that nobody takes them in.
            Log.IngestEnded(logger, bug);
        }
    }

    private bool IsStoreReachable()
    {
        try
        {
            Reader.LastChange();
            return true;
        }
        catch (Exception fault) when (fault is SqliteException or StoreRefusedException)
        {
            return false;
        }
    }
}

/// <summary>How the memory is: what readiness is made of.</summary>
internal sealed record PipelineState(bool JournalWritable, bool StoreReachable, bool Ingesting, long LagRecords, long LagBytes)
{
    public bool IsReady => JournalWritable && StoreReachable && Ingesting;
}
