using System.Collections.Concurrent;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Redaction;
using Lethe.Ingest.Journaling;
using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Recording;

/// <summary>
/// Takes the calls that the doors see into the journal: short ones whole, long ones as they go. Nothing here ever throws into a door or makes it wait;
/// what cannot be kept is counted.
/// </summary>
public sealed class Recorder : IAsyncDisposable
{
    private const int HeadBytesMin = 1024;

    private static readonly TimeSpan SweepIntervalMax = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(10);

    private readonly Journal journal;
    private readonly RecorderSettings settings;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ExchangeRedactor? redactor;
    private readonly CaptureBudget budget;
    private readonly ConcurrentDictionary<ExchangeId, RecordedCall> calls = new();
    private readonly TimeSpan sweepInterval;
    private readonly ITimer sweep;
    private int isSweepDue;
    private volatile bool disposed;

    /// <param name="redactor">Applied before anything is written; null writes everything as it came.</param>
    public Recorder(Journal journal, RecorderSettings settings, TimeProvider time, ILogger logger, ExchangeRedactor? redactor = null)
    {
        this.journal = journal;
        this.settings = settings;
        this.time = time;
        this.logger = logger;
        this.redactor = redactor;
        budget = new CaptureBudget(settings.PendingBytesMax);
        sweepInterval = settings.PartInterval / 2 < SweepIntervalMax ? settings.PartInterval / 2 : SweepIntervalMax;
        sweep = time.CreateTimer(static recorder => ((Recorder)recorder!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The memory that what waits for the disk shares with what a door holds until it can be read.</summary>
    public CaptureBudget Budget => budget;

    /// <summary>Bytes that wait for the disk now.</summary>
    public long PendingBytes => budget.HeldBytes;

    /// <summary>Calls that have begun and are not on disk.</summary>
    public int InFlight => calls.Count;

    /// <summary>Calls that have ended and are not on disk.</summary>
    public int Ended => calls.Count(static call => call.Value.Builder.IsFinished);

    /// <summary>The calls that are open now, the earliest first; told turns and what an import brings are none.</summary>
    public IReadOnlyList<ExchangeBuilder> Open() =>
        [.. calls.Values.Select(call => call.Builder).Where(builder => !builder.IsFinished && builder.Head.Kind is null).OrderBy(builder => builder.CapturedAt)];

    /// <summary>A call's request headers have come. What is appended to the builder is recorded; its finish ends the record.</summary>
    public ExchangeBuilder Begin(ExchangeHead head)
    {
        var headBytes = HeadBytes(head);
        var isFull = journal.IsFull;
        if (disposed || isFull || !budget.TryTake(headBytes))
        {
            IngestMeter.Dropped(disposed ? "stopping" : isFull ? "journal_full" : "memory");
            return new ExchangeBuilder(head, bodyBytesMax: 0, time);
        }

        var builder = new ExchangeBuilder(
            head, settings.BodyBytesMax, time, finished => Ask(finished.Id, isLast: true), budget, gathered => Ask(gathered.Id, isLast: false), settings.PartBytes);
        calls[builder.Id] = new RecordedCall(builder, redactor, headBytes, time.GetTimestamp());
        EnsureSweep();
        return builder;
    }

    /// <summary>Takes a call that another recorder has captured, credentials taken out once more. True once it is on disk, false when it is not recorded.</summary>
    public Task<bool> TakeAsync(CapturedExchange exchange)
    {
        var bytes = HeadBytesMin + exchange.Request.KeptBytes + exchange.Response.KeptBytes;
        if (disposed || journal.IsFull || !budget.TryTake(bytes))
        {
            return Task.FromResult(false);
        }

        var entry = new WholeEntry(redactor?.Redact(exchange) ?? exchange, () => budget.Give(bytes));
        journal.Post(entry);
        return entry.Kept;
    }

    /// <summary>Completes when a finished call is on disk; at once when the disk refuses, for a call never waits for a broken disk.</summary>
    public ValueTask WhenDurable(ExchangeBuilder builder) => calls.TryGetValue(builder.Id, out var call) ? new ValueTask(call.Durable) : ValueTask.CompletedTask;

    /// <summary>True once the whole call is on disk, false when it is not recorded; to be asked for before the call is finished.</summary>
    public Task<bool> WhenKeptAsync(ExchangeBuilder builder) => calls.TryGetValue(builder.Id, out var call) ? call.Kept : Task.FromResult(false);

    /// <summary>False while the disk refuses or does not answer.</summary>
    public bool IsWritable => journal.IsWritable;

    /// <summary>True while the disk takes what it is given, so much more may wait for it, and the journal may grow.</summary>
    public bool HasRoomFor(long bytes) => !disposed && IsWritable && !journal.IsFull && budget.HeldBytes + bytes + HeadBytesMin <= settings.PendingBytesMax;

    /// <summary>Ends what is in flight as cut off by our own stop, and waits until it is on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        await sweep.DisposeAsync().ConfigureAwait(false);
        var rest = calls.Values.ToArray();
        foreach (var call in rest)
        {
            call.Builder.Finish(Ending.Incomplete, "recorder_stopped");
        }

        var drained = Task.WhenAll(rest.Select(call => call.Durable));
        if (await Task.WhenAny(drained, Task.Delay(DrainTime, time)).ConfigureAwait(false) != drained)
        {
            Log.DrainTimedOut(logger, calls.Count);
        }
    }

    private static long HeadBytes(ExchangeHead head)
    {
        long bytes = HeadBytesMin + head.Path.Length + head.Query.Length;
        foreach (var (name, value) in head.Headers)
        {
            bytes += name.Length + value.Length;
        }

        return bytes;
    }

    private void Ask(ExchangeId id, bool isLast)
    {
        // While the disk refuses, what gathers of a call waits for the one piece that was asked for.
        if (calls.TryGetValue(id, out var call) && (isLast || call.TryAskPiece()))
        {
            call.PieceAskedAt = time.GetTimestamp();
            journal.Post(new PieceEntry(call, budget, isLast, Over));
        }
    }

    /// <summary>A piece is on disk, or lost.</summary>
    private void Over(PieceEntry piece)
    {
        var call = piece.Call;
        if (piece.Failure is { } failure)
        {
            IngestMeter.Dropped("unwritable");
            Log.CaptureLost(logger, call.Builder.Id, failure);
            call.Builder.DropBodies();
        }

        if (!piece.IsLast || !calls.TryRemove(call.Builder.Id, out _))
        {
            return;
        }

        if (call.Builder.IsOverBudget)
        {
            IngestMeter.Dropped("memory");
        }

        IngestMeter.Captured(piece.WireBytes.Request, piece.WireBytes.Response);
        budget.Give(call.HeadBytes);
        call.Dispose();
    }

    // The sweep runs only while calls are open. Whoever finds it not due starts it: the exchange is a full fence, so that a call that is added
    // while the last sweep ends is seen by that sweep, or sees that there is none.
    private void EnsureSweep()
    {
        if (Interlocked.Exchange(ref isSweepDue, 1) == 0)
        {
            sweep.Change(sweepInterval, Timeout.InfiniteTimeSpan);
        }
    }

    private void Sweep()
    {
        foreach (var (id, call) in calls)
        {
            var due = time.GetElapsedTime(call.PieceAskedAt) >= settings.PartInterval;
            if (due && !call.Builder.IsFinished && (!call.IsOpen || call.Builder.UnwrittenBytes > 0))
            {
                Ask(id, isLast: false);
            }
        }

        Interlocked.Exchange(ref isSweepDue, 0);
        if (!calls.IsEmpty)
        {
            EnsureSweep();
        }
    }
}
