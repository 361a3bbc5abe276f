using System.Security.Cryptography;
using System.Text.Json;
using Lethe.Capture;
using Lethe.Capture.Prices;
using Lethe.Capture.Redaction;
using Lethe.Capture.Repeats;
using Lethe.Ingest;
using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Recording;
using Lethe.Ingest.Searching;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Forwarding;

namespace Lethe.Proxy.Recording;

/// <summary>
/// The one memory behind all doors: recorder → journal → ingest → store. The doors need the journal alone; the store opens, is brought up to date and
/// catches up behind them. Closed in that order, so that what a client saw before the end is in the store after it.
/// </summary>
internal sealed class RecordingPipeline : IAsyncDisposable
{
    /// <summary>What ingest has not taken in by then waits in the journal for the next start.</summary>
    private static readonly TimeSpan CatchUpMax = TimeSpan.FromSeconds(2);

    /// <summary>How long ingest gets to end what it is in the middle of.</summary>
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(2);

    /// <summary>A store that opens at once is there before anybody asks for it.</summary>
    private static readonly TimeSpan StoreOpeningMax = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan TakenInMax = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan TakenInPoll = TimeSpan.FromMilliseconds(20);

    /// <summary>Few enough for the centre to answer soon.</summary>
    private const int ShippedCountMax = 512;

    private readonly Journal journal;
    private readonly IngestLoop loop;
    private readonly Recorder recorder;
    private readonly CommitWaiters waiters = new();
    /// <summary>Null where the store is gone with the process.</summary>
    private readonly SessionKeeping? keeping;
    private readonly bool isShipped;
    private readonly SearchIndexing indexing;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly CancellationTokenSource finish = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Task ingesting;

    private RecordingPipeline(LetheOptions options, string dataDirectory, Journal journal, TimeProvider time, ILoggerFactory logs)
    {
        this.journal = journal;
        this.time = time;
        isShipped = options.Sink == StoreOfSink.Remote;
        logger = logs.CreateLogger<RecordingPipeline>();
        IngestMeter.BeginAtZero();
        Reader = StoreOfSink.Reader(options, dataDirectory);
        var interpreter = new ExchangeInterpreter(PriceBook.Embedded, new RepeatMemo());
        loop = new IngestLoop(
            from => journal.Consume(from),
            stopping => StoreOfSink.Open(options, journal.Id, time, stopping),
            interpreter.Interpret,
            IngestSettingsOf(options) with { IsAwaited = () => waiters.IsAny },
            time,
            logs.CreateLogger<IngestLoop>());
        loop.Committed += waiters.Release;
        loop.Consumed += position => journal.ReportConsumed(IngestLoop.Consumer, position);
        var redactor = new ExchangeRedactor(CredentialKeyFile.LoadOrCreate(DataLayout.CredentialKey(dataDirectory)), options.Redaction.Bodies);
        recorder = new Recorder(journal, RecorderSettingsOf(options), time, logs.CreateLogger<Recorder>(), redactor);
        Sink = new ExchangeSink(recorder.Begin, IsStrict(options) ? recorder.WhenDurable : null, recorder.Budget);
        Calls = new OpenCalls(recorder.Open);
        Produced = new ProducedCalls(recorder, waiters, () => loop.State.Phase, time);
        keeping = StoreOfSink.Keep(options, journal, dataDirectory, RetentionSettingsOf(options), interpreter.Interpret, time, logs.CreateLogger<SessionKeeping>());
        indexing = StoreOfSink.Indexing(options, dataDirectory, time, logs.CreateLogger<SearchIndexing>());
        loop.Committed += _ => indexing.Wake();
        ingesting = loop.RunAsync(finish.Token, stop.Token);
        keeping?.Start(loop.StoreOpened);
        indexing.Start(loop.StoreOpened, () => waiters.IsAny);
    }

    /// <summary>Where the doors hand over what passes.</summary>
    public ExchangeSink Sink { get; }

    /// <summary>Where producers hand over what they have captured, and wait for what becomes of it.</summary>
    public ProducedCalls Produced { get; }

    /// <summary>The calls that are on their way.</summary>
    public OpenCalls Calls { get; }

    /// <summary>Refuses with <see cref="StoreRefusedException"/> until the store is there.</summary>
    public StoreReader Reader { get; }

    /// <exception cref="HostFault">The journal is held by another process or of another kind, or the disk refuses.</exception>
    public static RecordingPipeline Open(LetheOptions options, string dataDirectory, TimeProvider time, ILoggerFactory logs)
    {
        Journal? journal = null;
        try
        {
            journal = Journal.Open(JournalSettingsOf(options, dataDirectory), time, logs.CreateLogger<Journal>());
            return new RecordingPipeline(options, dataDirectory, journal, time, logs);
        }
        catch (Exception fault)
        {
            // Nothing was written to it yet: it closes at once.
            journal?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw fault is IOException or UnauthorizedAccessException or InvalidDataException
                ? new HostFault($"the data directory {dataDirectory} cannot be opened: {fault.Message}", fault)
                : fault;
        }
    }

    /// <summary>Completes when the store can be read, and soon in any case.</summary>
    public Task WhenStoreOpenedAsync() => Task.WhenAny(loop.StoreOpened, Task.Delay(StoreOpeningMax, time));

    public PipelineState State()
    {
        // The journal counts from the disk on. Asked for first: what gets there between the two is counted twice, and not passed over.
        var ended = recorder.Ended;
        var lag = loop.Lag();
        var ingest = loop.State;
        return new PipelineState
        {
            JournalWritable = journal.IsWritable,
            StoreReachable = Reader.IsReachable(),
            IsShipped = isShipped,
            Ingest = JsonNamingPolicy.SnakeCaseLower.ConvertName(ingest.Phase.ToString()),
            IngestReason = ingest.Reason,
            CaughtUp = loop.HasCaughtUp,
            LagRecords = lag.Records + ended,
            LagBytes = lag.Bytes,
            LagSeconds = lag.Age.TotalSeconds,
            OpenCalls = recorder.InFlight,
            Keeping = keeping?.State,
        };
    }

    /// <summary>Erases a session and its sub-agents, when what was said until now is in the store, or soon in any case: what comes late is erased as it comes.</summary>
    /// <returns>What was erased; null when there is no such session.</returns>
    /// <exception cref="StoreUnavailableException">It was not finished; it goes on by itself.</exception>
    public async Task<ForgottenCounts?> ForgetAsync(string org, string sessionId, bool withFacts)
    {
        for (var waited = TimeSpan.Zero; waited < TakenInMax && !(loop.HasCaughtUp && loop.Lag().Records <= 0); waited += TakenInPoll)
        {
            await Task.Delay(TakenInPoll, time);
        }

        return await Kept.ForgetAsync(org, sessionId, withFacts);
    }

    /// <summary>Keeps a session and its sub-agents from retention, or no longer. False when there is no such session.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<bool> PinAsync(string org, string sessionId, bool isPinned) => Kept.PinAsync(org, sessionId, isPinned);

    /// <summary>Writes what is in flight, takes in what was written as far as there is time, and lets everything go. The doors are closed by then.</summary>
    public async ValueTask DisposeAsync()
    {
        await recorder.DisposeAsync();
        if (keeping is not null)
        {
            await keeping.DisposeAsync();
        }

        await indexing.DisposeAsync();
        await finish.CancelAsync();
        if (await Task.WhenAny(ingesting, Task.Delay(CatchUpMax, time)) != ingesting)
        {
            Log.CatchUpLeft(logger, CatchUpMax.TotalSeconds);
            await stop.CancelAsync();
            // A store in the middle of something that cannot be broken off is left to the end of the process.
            await Task.WhenAny(ingesting, Task.Delay(StopMax, time));
        }

        await journal.DisposeAsync();
        finish.Dispose();
        stop.Dispose();
    }

    private SessionKeeping Kept => keeping ?? throw new StoreRefusedException("A store in memory has no pins, no forgetting and no retention: it is gone with the process.");

    private static bool IsStrict(LetheOptions options) => options.Journal.Durability == "strict";

    private static JournalSettings JournalSettingsOf(LetheOptions options, string dataDirectory) => new()
    {
        Directory = DataLayout.Journal(dataDirectory),
        SegmentBytesMax = options.Journal.SegmentBytesMax,
        BytesMax = options.Journal.BytesMax,
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

    private static IngestSettings IngestSettingsOf(LetheOptions options) => new()
    {
        LagMax = TimeSpan.FromSeconds(options.Ingest.LagSecondsMax),
        LagBytesMax = options.Ingest.LagBytesMax,
        BatchCountMax = options.Sink == StoreOfSink.Remote ? ShippedCountMax : new IngestSettings().BatchCountMax,
        Spread = options.Sink == StoreOfSink.Remote ? Jittered : static pause => pause,
    };

    // Between half of it and one and a half: sidecars that lost their centre at once do not all come back at once.
    private static TimeSpan Jittered(TimeSpan pause) => pause * (0.5 + (RandomNumberGenerator.GetInt32(1000) / 1000.0));

    private static RetentionSettings RetentionSettingsOf(LetheOptions options) => new()
    {
        WordsAge = TimeSpan.FromDays(options.Retention.BodiesDays),
        RecordsAge = TimeSpan.FromDays(options.Retention.RecordsDays),
        BytesMax = options.Retention.BytesMax,
    };
}
