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
    private readonly FileStream lockFile;
    private readonly JournalHealth health;
    private readonly DiskWatch watch;
    private readonly DurableEnd durable;
    private readonly EntryQueue entries = new();
    private readonly SegmentSync sync;
    private readonly SegmentWriter writer;
    private readonly JournalSyncing syncing;
    private readonly SegmentKeeper keeper;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task threads;
    private readonly Task resuming;
    private bool disposed;

    private Journal(JournalSettings settings, TimeProvider time, ILogger logger, FileStream lockFile)
    {
        this.settings = settings;
        this.lockFile = lockFile;
        Time = time;
        var tail = JournalRecovery.Run(settings.Directory, settings.Disk);
        (Id, Repair) = (tail.Journal, tail.Repair);
        health = new JournalHealth(logger);
        watch = new DiskWatch(time, settings.StallMax, Release, health.GoOn);
        durable = new DurableEnd(tail.End);
        var disk = watch.Over(settings.Disk);
        sync = new SegmentSync(settings.Directory, disk, new SealedEnd(tail.End, 0, tail.Seal), Advance);
        writer = new SegmentWriter(settings, disk, tail, sync);
        keeper = new SegmentKeeper(settings, this, logger);
        keeper.Live(tail.End.Segment + 1);
        syncing = new JournalSyncing(sync, health, settings.Strict ? null : settings.FlushInterval, time, SyncFailed);
        Report(logger);
        foreach (var call in tail.Open)
        {
            entries.TryAdd(new AwaitedEntry(pen => pen.Interrupted(call)));
        }

        var writing = new JournalWriting(entries, writer, sync, health, settings.RetryInterval, time, syncing.HandedOver, stopping.Token);
        threads = Task.WhenAll(OwnThread.Start(() => Guard(writing.Run, syncing.Complete)), OwnThread.Start(() => Guard(syncing.Run)));
        resuming = ResumeErasureAsync(logger);
    }

    /// <summary>Made once; every position carries it.</summary>
    public Guid Id { get; }

    public string Directory => settings.Directory;

    /// <summary>What opening had to mend.</summary>
    public JournalRepair Repair { get; }

    /// <summary>Everything before this is on disk; what a reader sees.</summary>
    public JournalPosition DurableEnd => durable.Ends.Lines;

    /// <summary>False while the disk refuses or does not answer; captures wait in memory, within their bound, and nobody waits for them.</summary>
    public bool IsWritable => health.IsWritable;

    /// <summary>True while all that it may hold is waiting for a consumer: what comes is not to be recorded.</summary>
    public bool IsFull => keeper.IsFull;

    internal TimeProvider Time { get; }

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
        var end = sync.Durable;
        return new JournalAnchor(Id, end.Lines, Convert.ToHexStringLower(end.Seal));
    }

    /// <summary>
    /// Erases what certain exchanges said, and appends a line that tells which and why. Completes when nothing of it is left in any file; goes on by itself
    /// at the next start when it is cut off.
    /// </summary>
    /// <param name="exchanges">Where the lines of the exchanges stand.</param>
    public Task<int> EraseAsync(IReadOnlyCollection<JournalPosition> exchanges, string reason) => JournalEraser.RunAsync(this, exchanges, reason);

    /// <summary>Writes what has been posted, seals the live segment, and lets the journal go, in bounded time.</summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        await Task.WhenAny(resuming, watch.Stalled).ConfigureAwait(false);
        entries.Close();
        syncing.Hurry();
        stopping.CancelAfter(settings.RetryInterval);
        if (await Task.WhenAny(threads, watch.Stalled).ConfigureAwait(false) != threads)
        {
            // Threads that the disk holds fast keep the files, and the lock, until the process ends.
            health.Leave();
            Lose(new ObjectDisposedException(nameof(Journal)));
            return;
        }

        if (IsWritable && !sync.HasUnsynced)
        {
            keeper.Live(long.MaxValue);
        }

        Lose(new ObjectDisposedException(nameof(Journal)));
        await keeper.DisposeAsync().ConfigureAwait(false);
        writer.Dispose();
        sync.Dispose();
        syncing.Dispose();
        watch.Dispose();
        stopping.Dispose();
        Erasing.Dispose();
        await lockFile.DisposeAsync().ConfigureAwait(false);
    }

    internal void Post(JournalEntry entry)
    {
        if (health.IsDead || !entries.TryAdd(entry))
        {
            entry.Lose(new ObjectDisposedException(nameof(Journal)));
        }
        else if (!health.IsWritable)
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
    internal (JournalPosition End, long Bodies) DurableEnds() => durable.Ends;

    /// <summary>Completes when something durable stands at or behind <paramref name="position"/>; a sync that adds nothing may complete it too.</summary>
    internal Task WaitForDurableAsync(JournalPosition position, CancellationToken cancellation) => durable.WaitAsync(position, cancellation);

    private async Task ResumeErasureAsync(ILogger logger)
    {
        try
        {
            await JournalEraser.ResumeAsync(this).ConfigureAwait(false);
        }
        catch (Exception error) when (JournalDamage.Is(error) || error is UnauthorizedAccessException)
        {
            JournalLog.ErasureLeft(logger, error);
        }
    }

    /// <summary>A bug must not end recording unheard, nor keep anybody waiting.</summary>
    private void Guard(Action work, Action? ended = null)
    {
        try
        {
            work();
        }
        catch (Exception error)
        {
            health.Die(error);
            entries.Close();
            syncing.Complete();
        }

        ended?.Invoke();
        if (health.IsDead)
        {
            Lose(new ObjectDisposedException(nameof(Journal)));
        }
    }

    private void SyncFailed(Exception error)
    {
        health.Fail(error);
        sync.Delay();
        entries.TryAdd(new FailedSync(error));
    }

    /// <summary>While a call to the disk does not come back, nobody waits for it.</summary>
    private void Release(TimeSpan since)
    {
        health.Stall(since);
        entries.Delay();
        writer.Delay();
        sync.Delay();
    }

    private void Lose(Exception error)
    {
        entries.Lose(error);
        writer.Lose(error);
        foreach (var entry in sync.TakeUnsettled())
        {
            entry.Lose(error);
        }
    }

    private void Advance(JournalPosition lines, long bodies)
    {
        keeper.Live(lines.Segment);
        durable.Advance(lines, bodies);
    }

    private void Report(ILogger logger)
    {
        if (Repair.BytesCut > 0)
        {
            JournalLog.JournalCut(logger, Repair.Segment, Repair.BytesCut);
        }

        if (Repair.Interrupted > 0)
        {
            JournalLog.ExchangesInterrupted(logger, Repair.Interrupted);
        }

        foreach (var fault in Repair.Faults)
        {
            JournalLog.JournalDamaged(logger, fault.Kind, fault.At, fault.Detail);
        }
    }
}
