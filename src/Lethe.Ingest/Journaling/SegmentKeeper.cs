using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Journaling;

/// <summary>Seals closed segments that every consumer has passed, and lets the oldest leave when the journal is over its bound; away from the writer.</summary>
internal sealed class SegmentKeeper : IAsyncDisposable
{
    /// <summary>A stop waits for so long, and leaves the rest to the next start.</summary>
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(3);

    private readonly JournalSettings settings;
    private readonly Journal journal;
    private readonly ILogger logger;
    private readonly CancellationTokenSource hurry = new();
    private readonly CancellationTokenSource enough = new();
    private readonly SemaphoreSlim work = new(0);
    private readonly Dictionary<string, JournalPosition> passed = [];
    private readonly Lock gate = new();
    private readonly Task keeping;
    private long live;
    private bool stopping;
    private volatile bool isFull;

    public SegmentKeeper(JournalSettings settings, Journal journal, ILogger logger)
    {
        this.settings = settings;
        this.journal = journal;
        this.logger = logger;
        keeping = OwnThread.Start(Run);
    }

    /// <summary>
    /// True while closed segments that some consumer still needs fill all that the journal may hold. Nothing more can be taken until one of them may leave.
    /// </summary>
    public bool IsFull => isFull;

    /// <summary>Held while files of closed segments are written anew.</summary>
    public SemaphoreSlim Files { get; } = new(1);

    /// <summary>A consumer needs nothing before this again.</summary>
    public void Passed(string consumer, JournalPosition position)
    {
        lock (gate)
        {
            var moved = !passed.TryGetValue(consumer, out var before) || position.Segment != before.Segment;
            passed[consumer] = position;
            if (moved)
            {
                work.Release();
            }
        }
    }

    /// <summary>The segment that is being written; the greatest number once all of them are closed and on disk.</summary>
    public void Live(long segment)
    {
        lock (gate)
        {
            if (live != segment && !stopping)
            {
                work.Release();
            }

            live = segment;
        }
    }

    /// <summary>Seals what may be sealed now, within its time, and stops. Nothing is written any more.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            stopping = true;
            work.Release();
        }

        // Who waits for the end waits for no calls.
        await hurry.CancelAsync().ConfigureAwait(false);
        enough.CancelAfter(StopMax);
        if (await Task.WhenAny(keeping, Task.Delay(StopMax + settings.StallMax, journal.Time)).ConfigureAwait(false) != keeping)
        {
            // Held fast by the disk, until the process ends.
            return;
        }

        work.Dispose();
        hurry.Dispose();
        enough.Dispose();
        Files.Dispose();
    }

    private void Run()
    {
        using var pace = new BackgroundPace();
        bool last;
        do
        {
            work.Wait();
            lock (gate)
            {
                last = stopping;
            }

            foreach (var segment in JournalDirectory.Segments(settings.Directory).Where(IsPassed))
            {
                Seal(segment, pace);
            }

            if (!last)
            {
                LetLeave();
            }
        }
        while (!last);
    }

    /// <summary>The lowest place that any consumer still needs; null while one of them has not told.</summary>
    private JournalPosition? Needed()
    {
        lock (gate)
        {
            return settings.Consumers.All(passed.ContainsKey) && passed.Count > 0 ? passed.Values.MinBy(position => (position.Segment, position.Offset)) : null;
        }
    }

    private bool IsPassed(long segment)
    {
        if (Needed() is not { } needed)
        {
            return false;
        }

        lock (gate)
        {
            // Behind the last exchange of a closed segment stands its last line, which no consumer has to have read.
            var end = journal.DurableEnd;
            var whole = segment < needed.Segment || (stopping && segment == needed.Segment && needed.Sequence >= end.Sequence - 1);
            return whole && segment < live;
        }
    }

    private void Seal(long segment, BackgroundPace pace)
    {
        Files.Wait();
        try
        {
            foreach (var part in (SegmentPart[])[SegmentPart.Bodies, SegmentPart.Lines])
            {
                if (File.Exists(JournalDirectory.PlainPath(settings.Directory, segment, part)) && !enough.IsCancellationRequested)
                {
                    var (before, after) = SegmentSeal.Run(settings.Directory, segment, part, settings.Disk, () => GiveWay(pace));
                    JournalLog.SegmentSealed(logger, segment, before, after);
                }
            }
        }
        catch (OperationCanceledException)
        {
            JournalLog.SealingLeft(logger, segment);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            JournalLog.SealingFailed(logger, segment, error);
        }
        finally
        {
            Files.Release();
        }
    }

    private void GiveWay(BackgroundPace pace)
    {
        enough.Token.ThrowIfCancellationRequested();
        pace.GiveWay(hurry.Token);
    }

    /// <summary>Oldest first, while the journal is over its bound. What leaves is anchored first, so that the chain stays provable behind it.</summary>
    private void LetLeave()
    {
        if (settings.BytesMax == 0)
        {
            return;
        }

        var segments = JournalDirectory.Segments(settings.Directory);
        var bytes = segments.Sum(segment => JournalDirectory.BytesOf(settings.Directory, segment));
        for (var i = 0; i < segments.Count && bytes > settings.BytesMax && MayLeave(segments, i); i++)
        {
            var left = JournalDirectory.BytesOf(settings.Directory, segments[i]);
            if (!TryLetLeave(segments[i]))
            {
                break;
            }

            bytes -= left;
        }

        Bound(bytes);
    }

    // The live one is bounded by itself, and has to be written on for anything to be closed.
    private void Bound(long bytes)
    {
        long alive;
        lock (gate)
        {
            alive = live;
        }

        var closed = bytes - (JournalDirectory.Segments(settings.Directory).Contains(alive) ? JournalDirectory.BytesOf(settings.Directory, alive) : 0);
        if (closed > settings.BytesMax != isFull)
        {
            isFull = !isFull;
            JournalLog.JournalBound(logger, isFull ? "full: what comes is not recorded" : "no longer full", closed, settings.BytesMax);
        }
    }

    /// <summary>Not before it is passed by all, and nothing that is still to be read points into it.</summary>
    private bool MayLeave(List<long> segments, int index) => IsPassed(segments[index])
        && segments[(index + 1)..]
            .Where(later => !IsPassed(later))
            .All(later => SegmentHeader.TryReadOf(settings.Directory, later) is { } header && header.LowestSegment > segments[index]);

    private bool TryLetLeave(long segment)
    {
        Files.Wait();
        try
        {
            if (SegmentHeader.TryReadOf(settings.Directory, segment + 1) is not { } next || FirstSequence(segment + 1) is not { } sequence
                || !OwnThread.Wait(journal.PostAsync(pen => pen.Anchor(new SegmentAnchor(segment, sequence, next.PreviousSeal)))))
            {
                return false;
            }

            foreach (var part in (SegmentPart[])[SegmentPart.Lines, SegmentPart.Bodies])
            {
                settings.Disk.Delete(JournalDirectory.PlainPath(settings.Directory, segment, part));
                settings.Disk.Delete(JournalDirectory.SealedPath(settings.Directory, segment, part));
            }

            settings.Disk.SyncDirectory(settings.Directory);
            JournalLog.SegmentLeft(logger, segment);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            JournalLog.SealingFailed(logger, segment, error);
            return false;
        }
        finally
        {
            Files.Release();
        }
    }

    private long? FirstSequence(long segment)
    {
        using var cursor = new JournalCursor(settings.Directory, new JournalPosition(default, segment, 0, 0));
        return cursor.Step() == CursorStep.Line ? cursor.LineAt.Sequence : null;
    }
}
