using System.Threading.Channels;
using Lethe.Capture.Exchanges;
using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// The write-ahead log of captures: one thread hands lines and pieces to the kernel as they come, another syncs them, many to one sync.
/// One process at a time holds it (a lock file); readers need no lock.
/// </summary>
public sealed class Journal : IAsyncDisposable
{
    private readonly JournalSettings settings;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly FileStream lockFile;
    private readonly SegmentWriter writer;
    private readonly SegmentKeeper keeper;

    // Who posts wakes the writer's thread itself: all that runs synchronously is its event.
    private readonly Channel<JournalEntry> entries = Channel.CreateUnbounded<JournalEntry>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });

    private readonly SemaphoreSlim handedOver = new(0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly Task writing;
    private readonly Task syncing;
    private readonly Task resuming;
    private TaskCompletionSource advanced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private JournalPosition durableEnd;
    private long durableBodies;
    private volatile Exception? failure;
    private volatile bool isWritable = true;
    private volatile bool isDead;
    private volatile bool isWritten;
    private volatile bool disposed;

    private Journal(JournalSettings settings, TimeProvider time, ILogger logger, FileStream lockFile)
    {
        this.settings = settings;
        this.time = time;
        this.logger = logger;
        this.lockFile = lockFile;
        var tail = JournalRecovery.Run(settings.Directory, settings.Disk);
        Id = tail.Journal;
        Repair = tail.Repair;
        durableEnd = tail.End;
        writer = new SegmentWriter(settings, tail, Advance);
        keeper = new SegmentKeeper(settings, this, logger);
        keeper.Live(tail.End.Segment + 1);
        ReportRepair();
        foreach (var call in tail.Open)
        {
            entries.Writer.TryWrite(new AwaitedEntry(pen => pen.Interrupted(call)));
        }

        writing = OwnThread.Start(() => Guard(Write));
        syncing = OwnThread.Start(() => Guard(Sync));
        resuming = ResumeAsync();
    }

    /// <summary>Made once; every position carries it.</summary>
    public Guid Id { get; }

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

    /// <summary>False while the disk refuses; captures wait in memory, within their bound, and nobody waits for them.</summary>
    public bool IsWritable => isWritable && !isDead;

    internal TimeProvider Time => time;

    internal JournalDisk Disk => settings.Disk;

    internal SegmentKeeper Keeper => keeper;

    /// <summary>One erasure at a time.</summary>
    internal SemaphoreSlim Erasing { get; } = new(1);

    /// <summary>Opens or creates the journal of a directory. Throws <see cref="IOException"/> when another process holds it, it is of the first edition, or the disk refuses.</summary>
    public static Journal Open(JournalSettings settings, TimeProvider time, ILogger logger)
    {
        JournalDirectory.RefuseFirstEdition(settings.Directory);
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
    public Task<bool> AppendAsync(CapturedExchange exchange) => PostAsync(pen => pen.Whole(exchange));

    /// <summary>A reader that sees only what is durable, and can wait for more.</summary>
    public JournalConsumer Consume(JournalPosition from) => new(this, from);

    /// <summary>Told by a consumer after each commit: it needs nothing before this again.</summary>
    public void ReportConsumed(string consumer, JournalPosition position) => keeper.Passed(consumer, position);

    /// <summary>The chain's head, to be kept elsewhere and compared later.</summary>
    public JournalAnchor Anchor()
    {
        lock (gate)
        {
            return new JournalAnchor(Id, durableEnd, Convert.ToHexStringLower(writer.DurableSeal));
        }
    }

    /// <summary>
    /// Erases what certain exchanges said, and appends a line that tells which and why. Completes when nothing of it is left in any file; goes on by itself
    /// at the next start when it is cut off.
    /// </summary>
    /// <param name="exchanges">Where the lines of the exchanges stand.</param>
    public Task EraseAsync(IReadOnlyCollection<JournalPosition> exchanges, string reason) => JournalEraser.RunAsync(this, exchanges, reason);

    /// <summary>Writes what has been posted, seals the live segment, and lets the journal go, in bounded time.</summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        await resuming.ConfigureAwait(false);
        entries.Writer.TryComplete();
        stopping.CancelAfter(settings.RetryInterval);
        await writing.ConfigureAwait(false);
        handedOver.Release();
        await syncing.ConfigureAwait(false);
        if (IsWritable && !writer.HasUnsynced)
        {
            keeper.Live(long.MaxValue);
        }

        writer.Lose(new ObjectDisposedException(nameof(Journal)));
        await keeper.DisposeAsync().ConfigureAwait(false);
        writer.Dispose();
        stopping.Dispose();
        handedOver.Dispose();
        Erasing.Dispose();
        await lockFile.DisposeAsync().ConfigureAwait(false);
    }

    internal void Post(JournalEntry entry)
    {
        if (isDead || !entries.Writer.TryWrite(entry))
        {
            entry.Lose(new ObjectDisposedException(nameof(Journal)));
        }
        else if (!isWritable)
        {
            entry.Delay();
        }
    }

    internal Task<bool> PostAsync(Action<LinePen> write)
    {
        var entry = new AwaitedEntry(write);
        Post(entry);
        return entry.Written;
    }

    /// <summary>Ends the live segment, so that nothing is written any more to it, nor told against it.</summary>
    internal Task<bool> SealAsync()
    {
        var entry = new SealEntry();
        Post(entry);
        return entry.Sealed;
    }

    /// <summary>The durable end, and that of the bodies in its segment.</summary>
    internal (JournalPosition End, long Bodies) DurableEnds()
    {
        lock (gate)
        {
            return (durableEnd, durableBodies);
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

    private async Task ResumeAsync()
    {
        try
        {
            await JournalEraser.ResumeAsync(this).ConfigureAwait(false);
        }
        catch (Exception error) when (JournalCursor.IsDamage(error) || error is UnauthorizedAccessException)
        {
            Log.ErasureLeft(logger, error);
        }
    }

    /// <summary>A bug must not end recording unheard, nor keep anybody waiting.</summary>
    private void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (Exception error)
        {
            isDead = true;
            isWritten = true;
            Log.JournalStopped(logger, error);
            entries.Writer.TryComplete();
            handedOver.Release();
            while (entries.Reader.TryRead(out var entry))
            {
                entry.Lose(error);
            }

            writer.Lose(error);
        }
    }

    private void Write()
    {
        while (OwnThread.Wait(entries.Reader.WaitToReadAsync().AsTask()) && !isDead)
        {
            try
            {
                HandOver();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Retry(error);
            }
        }

        try
        {
            writer.Seal();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Retry(error);
        }

        if (isDead)
        {
            writer.Lose(new ObjectDisposedException(nameof(Journal)));
        }

        isWritten = true;
    }

    private void HandOver()
    {
        while (entries.Reader.TryRead(out var entry))
        {
            if (entry is SealEntry seal)
            {
                EndSegment(seal);
            }
            else if (entry is FailedSync failed)
            {
                Retry(failed.Error);
            }
            else
            {
                writer.Add(entry);
            }
        }

        writer.HandOver();
        handedOver.Release();
    }

    private void EndSegment(SealEntry asked)
    {
        try
        {
            writer.Seal();
            asked.Settle(writer.Durable);
        }
        finally
        {
            // Whoever was not told by now waits for nothing any more.
            asked.Delay();
        }
    }

    private void Sync()
    {
        var syncedAt = time.GetTimestamp();
        while (!isDead)
        {
            handedOver.Wait();
            while (handedOver.Wait(0))
            {
                // Many hand-overs need one sync.
            }

            if (failure is null && writer.HasUnsynced)
            {
                WaitUntilSyncIsDue(syncedAt);
                TrySync();
                syncedAt = time.GetTimestamp();
            }

            if (isWritten && (failure is not null || !writer.HasUnsynced))
            {
                return;
            }
        }
    }

    private void TrySync()
    {
        try
        {
            writer.Sync();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Fail(error);
            entries.Writer.TryWrite(new FailedSync(error));
        }
    }

    /// <summary>Relaxed durability syncs no more often than its interval, so that more lines share a sync.</summary>
    private void WaitUntilSyncIsDue(long syncedAt)
    {
        var rest = settings.FlushInterval - time.GetElapsedTime(syncedAt);
        if (!settings.Strict && !disposed && rest > TimeSpan.Zero)
        {
            OwnThread.Pause(rest, time);
        }
    }

    private void Fail(Exception error)
    {
        isWritable = false;
        failure = error;
        Log.JournalFailed(logger, error);
        IngestMeter.JournalFailures.Add(1);
        writer.Delay();
    }

    /// <summary>In the writer's thread, after a failure in either: tries again until the disk takes all that is held, or until the end.</summary>
    private void Retry(Exception first)
    {
        if (failure is null)
        {
            Fail(first);
        }

        while (true)
        {
            try
            {
                TakeAndDelay();
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

            Rest();
        }

        failure = null;
        isWritable = true;
        Log.JournalHealed(logger, writer.Durable.Segment);
    }

    /// <summary>Those who came in while the disk failed wait for it no more than those who come in now.</summary>
    private void TakeAndDelay()
    {
        while (entries.Reader.TryRead(out var entry))
        {
            entry.Delay();
            if (entry is not (FailedSync or SealEntry))
            {
                writer.Hold(entry);
            }
        }
    }

    private void Rest()
    {
        try
        {
            OwnThread.Pause(settings.RetryInterval, time, stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The last try comes at once.
        }
    }

    private void Advance(JournalPosition end, long bodies)
    {
        keeper.Live(end.Segment);
        TaskCompletionSource reached;
        lock (gate)
        {
            durableEnd = end;
            durableBodies = bodies;
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

    /// <summary>Tells the writer that a sync has failed: what that one should have reached has to be written again.</summary>
    private sealed class FailedSync(Exception error) : JournalEntry
    {
        public Exception Error => error;

        public override void WriteTo(LinePen pen)
        {
        }

        public override void Settle(JournalPosition end)
        {
        }

        public override void Delay()
        {
        }

        public override void Lose(Exception error)
        {
        }
    }

    private sealed class SealEntry : JournalEntry
    {
        private readonly TaskCompletionSource<bool> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<bool> Sealed => ended.Task;

        public override void WriteTo(LinePen pen)
        {
        }

        public override void Settle(JournalPosition end) => ended.TrySetResult(true);

        public override void Delay() => ended.TrySetResult(false);

        public override void Lose(Exception error) => ended.TrySetResult(false);
    }
}
