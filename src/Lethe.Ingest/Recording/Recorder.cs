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

    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(10);

    private readonly Journal journal;
    private readonly RecorderSettings settings;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ExchangeRedactor? redactor;
    private readonly CaptureBudget budget;
    private readonly ConcurrentDictionary<ExchangeId, RecordedCall> calls = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Task sweeping;
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
        sweeping = SweepAsync();
    }

    /// <summary>Bytes that wait for the disk now.</summary>
    public long PendingBytes => budget.HeldBytes;

    /// <summary>Calls that have begun and are not on disk.</summary>
    public int InFlight => calls.Count;

    /// <summary>A call's request headers have come. What is appended to the builder is recorded; its finish ends the record.</summary>
    public ExchangeBuilder Begin(ExchangeHead head)
    {
        var headBytes = HeadBytes(head);
        if (disposed || !budget.TryTake(headBytes))
        {
            IngestMeter.Dropped(disposed ? "stopping" : "memory");
            return new ExchangeBuilder(head, bodyBytesMax: 0, time);
        }

        var builder = new ExchangeBuilder(
            head, settings.BodyBytesMax, time, finished => Ask(finished.Id, isLast: true), budget, gathered => Ask(gathered.Id, isLast: false), settings.PartBytes);
        calls[builder.Id] = new RecordedCall(builder, redactor, headBytes, time.GetTimestamp());
        return builder;
    }

    /// <summary>Records an exchange that came whole, from a producer; true once it is on disk, false when the disk refuses now.</summary>
    public Task<bool> RecordAsync(CapturedExchange exchange)
    {
        IngestMeter.Captured(exchange.Request.WireBytes, exchange.Response.WireBytes);
        return journal.AppendAsync(redactor?.Redact(exchange) ?? exchange);
    }

    /// <summary>Completes when a finished call is on disk; at once when the disk refuses, for a call never waits for a broken disk.</summary>
    public ValueTask WhenDurable(ExchangeBuilder builder) => calls.TryGetValue(builder.Id, out var call) ? new ValueTask(call.Durable) : ValueTask.CompletedTask;

    /// <summary>Ends what is in flight as cut off by our own stop, and waits until it is on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        await stopping.CancelAsync().ConfigureAwait(false);
        await sweeping.ConfigureAwait(false);
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

        stopping.Dispose();
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
        if (calls.TryGetValue(id, out var call))
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

    private async Task SweepAsync()
    {
        var interval = settings.PartInterval / 2 < SweepInterval ? settings.PartInterval / 2 : SweepInterval;
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token).ConfigureAwait(false))
            {
                Sweep();
            }
        }
        catch (OperationCanceledException)
        {
            // The end was asked for.
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
    }
}
