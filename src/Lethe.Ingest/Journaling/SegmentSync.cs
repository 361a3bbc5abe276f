using System.Diagnostics;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// What the kernel has and the disk may not: segments, and the entries that wait in them. Synced in one thread, added to in another; all may throw
/// <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> where the disk fails.
/// </summary>
internal sealed class SegmentSync : IDisposable
{
    private readonly string directory;
    private readonly JournalDisk disk;
    private readonly Action<JournalPosition, long> advanced;

    // Held for the length of a sync, and while files are taken back.
    private readonly Lock syncing = new();

    // Held for moments: all below.
    private readonly Lock gate = new();
    private readonly Queue<(JournalEntry Entry, long Sequence)> unsettled = [];
    private readonly List<LiveSegment> unsynced = [];
    private SealedEnd handed;
    private SealedEnd durable;

    /// <param name="advanced">Told the new durable end, and that of the bodies, after each sync, before anybody who waits for it goes on.</param>
    public SegmentSync(string directory, JournalDisk disk, SealedEnd start, Action<JournalPosition, long> advanced)
    {
        this.directory = directory;
        this.disk = disk;
        this.advanced = advanced;
        handed = durable = start;
    }

    /// <summary>Everything before this is on disk.</summary>
    public SealedEnd Durable
    {
        get
        {
            lock (gate)
            {
                return durable;
            }
        }
    }

    /// <summary>True when something was handed over that no sync has reached.</summary>
    public bool HasUnsynced
    {
        get
        {
            lock (gate)
            {
                return handed.Lines != durable.Lines || unsettled.Count > 0;
            }
        }
    }

    public void Opened(LiveSegment segment)
    {
        lock (gate)
        {
            unsynced.Add(segment);
        }
    }

    /// <summary>The kernel has all before an end, these entries' lines among it.</summary>
    public void HandedOver(SealedEnd end, List<JournalEntry> entries)
    {
        lock (gate)
        {
            handed = end;
            foreach (var entry in entries)
            {
                unsettled.Enqueue((entry, end.Lines.Sequence));
            }
        }
    }

    /// <summary>Waits for the disk until all that was handed over before is on it; then those entries are settled.</summary>
    public void Sync()
    {
        var settled = new List<JournalEntry>();
        SealedEnd target;
        lock (syncing)
        {
            LiveSegment[] files;
            lock (gate)
            {
                files = [.. unsynced];
                target = handed;
            }

            Sync(files);
            lock (gate)
            {
                durable = target;
                while (unsettled.TryPeek(out var first) && first.Sequence <= target.Lines.Sequence)
                {
                    settled.Add(unsettled.Dequeue().Entry);
                }

                foreach (var done in unsynced.FindAll(segment => segment.Number < target.Lines.Segment))
                {
                    done.Close();
                    unsynced.Remove(done);
                }
            }
        }

        advanced(target.Lines, target.Bodies);
        foreach (var entry in settled)
        {
            entry.Settle(target.Lines);
        }
    }

    /// <summary>Nobody waits for anything that is not on disk yet.</summary>
    public void Delay()
    {
        (JournalEntry Entry, long)[] waiting;
        lock (gate)
        {
            waiting = [.. unsettled];
        }

        foreach (var (entry, _) in waiting)
        {
            entry.Delay();
        }
    }

    /// <summary>Takes the entries out that are not on disk.</summary>
    public List<JournalEntry> TakeUnsettled()
    {
        lock (gate)
        {
            List<JournalEntry> entries = [.. unsettled.Select(waiting => waiting.Entry)];
            unsettled.Clear();
            return entries;
        }
    }

    /// <summary>Takes the files back to what is durable, and tells what that is.</summary>
    /// <param name="keep">Told the entries that were not on disk, before anything of them goes.</param>
    public SealedEnd TakeBack(Action<List<JournalEntry>> keep)
    {
        lock (syncing)
        {
            keep(TakeUnsettled());
            foreach (var segment in unsynced.ToArray())
            {
                TakeBack(segment);
                lock (gate)
                {
                    unsynced.Remove(segment);
                }
            }

            lock (gate)
            {
                handed = durable;
                return durable;
            }
        }
    }

    public void Dispose() => unsynced.ForEach(segment => segment.Close());

    private void Sync(LiveSegment[] files)
    {
        var started = Stopwatch.GetTimestamp();
        foreach (var file in files)
        {
            disk.Sync(file.Bodies.SafeFileHandle);
            disk.Sync(file.Lines.SafeFileHandle);
            if (!file.IsNamed)
            {
                disk.SyncDirectory(directory);
                file.IsNamed = true;
            }
        }

        IngestMeter.JournalFsync.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private void TakeBack(LiveSegment segment)
    {
        if (segment.Number == durable.Lines.Segment && durable.Lines.Offset > 0)
        {
            disk.SetLength(segment.Lines.SafeFileHandle, durable.Lines.Offset);
            disk.SetLength(segment.Bodies.SafeFileHandle, durable.Bodies);
            disk.Sync(segment.Lines.SafeFileHandle);
            disk.Sync(segment.Bodies.SafeFileHandle);
        }
        else
        {
            disk.Delete(segment.Lines.Name);
            disk.Delete(segment.Bodies.Name);
        }

        segment.Close();
    }
}
