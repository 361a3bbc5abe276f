using System.Threading.Channels;
using Lethe.Capture.Exchanges;
using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// The write-ahead log of captures: one writer task, many lines to one fsync, every line sealed to the one before.
/// One process at a time holds it (a lock file); readers need no lock.
/// </summary>
public sealed class Journal : IAsyncDisposable
{
    private const long SyncBytesMax = 8 * 1024 * 1024;

    private readonly JournalSettings settings;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly FileStream lockFile;
    private readonly SegmentWriter writer;
    private readonly SegmentCompressor compressor;

    // Who posts wakes the writer's thread itself: all that runs synchronously is its event.
    private readonly Channel<JournalEntry> entries = Channel.CreateUnbounded<JournalEntry>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });

    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly Task writing;
    private TaskCompletionSource advanced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private JournalPosition durableEnd;
    private long syncedAt;
    private volatile bool isWritable = true;
    private volatile bool disposed;

    private Journal(JournalSettings settings, TimeProvider time, ILogger logger, FileStream lockFile)
    {
        this.settings = settings;
        this.time = time;
        this.logger = logger;
        this.lockFile = lockFile;
        var tail = JournalRecovery.Run(settings.Directory);
        Repair = tail.Repair;
        durableEnd = tail.End;
        writer = new SegmentWriter(settings, tail, Advance);
        compressor = new SegmentCompressor(settings.Directory, logger);
        ReportRepair();
        foreach (var exchange in tail.Interrupted)
        {
            entries.Writer.TryWrite(new ClosingEntry(exchange));
        }

        writing = OwnThread.Start(Guard);
    }

    public string Directory => settings.Directory;

    /// <summary>What opening had to mend.</summary>
    public JournalRepair Repair { get; }

    /// <summary>Everything before this is on disk; what a reader sees.</summary>
    public JournalPosition DurableEnd
    {
        get
        {
            lock (gate)
            {
                return durableEnd;
            }
        }
    }

    /// <summary>False while the disk refuses; captures wait in memory, within their bound.</summary>
    public bool IsWritable => isWritable;

    /// <summary>Opens or creates the journal of a directory. Throws <see cref="IOException"/> when another process holds it or the disk refuses.</summary>
    public static Journal Open(JournalSettings settings, TimeProvider time, ILogger logger)
    {
        JournalDirectory.Create(settings.Directory);
        var lockFile = JournalDirectory.OpenFile(JournalDirectory.LockPath(settings.Directory), FileMode.OpenOrCreate, FileShare.None);
        try
        {
            return new Journal(settings, time, logger, lockFile);
        }
        catch
        {
            lockFile.Dispose();
            throw;
        }
    }

    /// <summary>Appends one whole exchange and completes when it is on disk: true, or false when it could not be written, or not yet.</summary>
    public Task<bool> AppendAsync(CapturedExchange exchange)
    {
        var entry = new WholeEntry(exchange);
        Post(entry);
        return entry.Written;
    }

    /// <summary>A reader that sees only what is durable, and can wait for more.</summary>
    public JournalConsumer Consume(JournalPosition from, JournalPosition readTo = default) => new(this, from, readTo);

    /// <summary>Told by the consumer after each commit: nothing before this is needed again, so those segments can be compressed.</summary>
    public void ReportConsumed(JournalPosition lowWater) => compressor.Passed(lowWater);

    /// <summary>Writes what has been posted, seals and compresses the live segment, and lets the journal go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        entries.Writer.TryComplete();
        stopping.CancelAfter(settings.RetryInterval);
        await writing.ConfigureAwait(false);
        await compressor.DisposeAsync().ConfigureAwait(false);
        writer.Dispose();
        stopping.Dispose();
        await lockFile.DisposeAsync().ConfigureAwait(false);
    }

    internal void Post(JournalEntry entry)
    {
        if (!entries.Writer.TryWrite(entry))
        {
            entry.Lose(new ObjectDisposedException(nameof(Journal)));
        }
    }

    /// <summary>Completes when something durable stands at or behind <paramref name="position"/>; a sync that adds nothing may complete it too.</summary>
    internal Task WaitForDurableAsync(JournalPosition position, CancellationToken cancellation)
    {
        lock (gate)
        {
            return position.IsBefore(durableEnd) ? Task.CompletedTask : advanced.Task.WaitAsync(cancellation);
        }
    }

    /// <summary>A bug in the writer must not end recording unheard.</summary>
    private void Guard()
    {
        try
        {
            Write();
        }
        catch (Exception error)
        {
            isWritable = false;
            Log.JournalStopped(logger, error);
            throw;
        }
    }

    private void Write()
    {
        while (OwnThread.Wait(entries.Reader.WaitToReadAsync().AsTask()))
        {
            WaitUntilSyncIsDue();
            try
            {
                WriteBatch();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Retry(error);
            }
        }

        try
        {
            writer.Seal();
            compressor.Sealed(writer.Durable);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.JournalFailed(logger, error);
        }
    }

    private void WriteBatch()
    {
        while (writer.UnsyncedBytes < SyncBytesMax && entries.Reader.TryRead(out var entry))
        {
            writer.Add(entry);
        }

        writer.Sync();
    }

    /// <summary>Relaxed durability syncs no more often than its interval, so that more lines share a sync.</summary>
    private void WaitUntilSyncIsDue()
    {
        if (settings.Strict || disposed)
        {
            return;
        }

        var rest = settings.FlushInterval - time.GetElapsedTime(syncedAt);
        if (rest > TimeSpan.Zero)
        {
            OwnThread.Pause(rest, time);
        }
    }

    private void Retry(Exception failure)
    {
        isWritable = false;
        Log.JournalFailed(logger, failure);
        IngestMeter.JournalFailures.Add(1);
        while (true)
        {
            try
            {
                writer.Abandon();
                writer.Rewrite();
                break;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Log.JournalFailed(logger, error);
                if (stopping.IsCancellationRequested)
                {
                    return;
                }
            }

            OwnThread.Pause(settings.RetryInterval, time);
        }

        isWritable = true;
        Log.JournalHealed(logger, writer.LiveSegment);
    }

    private void Advance(JournalPosition end)
    {
        syncedAt = time.GetTimestamp();
        compressor.Live(end.Segment);
        TaskCompletionSource reached;
        lock (gate)
        {
            durableEnd = end;
            reached = advanced;
            advanced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        reached.TrySetResult();
    }

    private void ReportRepair()
    {
        if (Repair.BytesCut > 0)
        {
            Log.JournalCut(logger, Repair.Segment, Repair.BytesCut);
        }

        if (Repair.Interrupted > 0)
        {
            Log.ExchangesInterrupted(logger, Repair.Interrupted);
        }

        foreach (var fault in Repair.Faults)
        {
            Log.JournalDamaged(logger, fault.Kind, fault.At, fault.Detail);
        }
    }
}
