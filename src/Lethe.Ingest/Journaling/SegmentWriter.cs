using System.Diagnostics;

namespace Lethe.Ingest.Journaling;

/// <summary>A segment that is being written, or waits for its last sync.</summary>
internal sealed record LiveSegment(long Number, FileStream Lines, FileStream Bodies)
{
    public bool IsNamed { get; set; }

    public void Close()
    {
        Lines.Dispose();
        Bodies.Dispose();
    }
}

/// <summary>
/// Hands entries to the kernel, in one thread, and syncs them, in another. <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when the
/// disk fails in either; then <see cref="Abandon"/> and <see cref="Rewrite"/>, in the writer's thread, put what was not durable into a new segment.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private const int HandOverBytes = 1024 * 1024;

    private readonly JournalSettings settings;
    private readonly JournalDisk disk;
    private readonly LinePen pen;
    private readonly Action<JournalPosition, long> advanced;

    // The writer's own: entries put into lines, not handed over.
    private readonly List<JournalEntry> batch = [];
    private long writtenLines;
    private long writtenBodies;
    private LiveSegment? live;

    // Held for the length of a sync, and while files are taken back.
    private readonly Lock syncing = new();

    // Held for moments: all below.
    private readonly Lock gate = new();
    private readonly Queue<(JournalEntry Entry, long Sequence)> unsettled = [];
    private readonly List<LiveSegment> unsynced = [];
    private readonly byte[] durableSeal = new byte[JournalLine.SealBytes];
    private HandedOver handed;
    private HandedOver durable;

    /// <param name="advanced">Told the new durable end, and that of the bodies, after each sync, before anybody who waits for it goes on.</param>
    public SegmentWriter(JournalSettings settings, JournalTail tail, Action<JournalPosition, long> advanced)
    {
        this.settings = settings;
        this.advanced = advanced;
        disk = settings.Disk;
        pen = new LinePen(tail.Journal, tail.Open);
        pen.StartAt(tail.End, 0, tail.Seal);
        pen.Settle(tail.End.Sequence);
        handed = durable = new HandedOver(tail.End, 0, tail.Seal);
    }

    /// <summary>Everything before this is on disk.</summary>
    public JournalPosition Durable
    {
        get
        {
            lock (gate)
            {
                return durable.End;
            }
        }
    }

    /// <summary>The seal of the last line that is on disk.</summary>
    public byte[] DurableSeal
    {
        get
        {
            lock (gate)
            {
                return durable.Seal;
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
                return handed.End != durable.End || unsettled.Count > 0;
            }
        }
    }

    /// <summary>Puts an entry into lines, and hands over when enough has gathered.</summary>
    public void Add(JournalEntry entry)
    {
        batch.Add(entry);
        if (live is not null && pen.Position.Offset + pen.BodiesEnd >= settings.SegmentBytesMax)
        {
            batch.RemoveAt(batch.Count - 1);
            try
            {
                Seal();
            }
            finally
            {
                batch.Add(entry);
            }
        }

        if (live is null)
        {
            OpenSegment();
        }

        pen.Settle(Durable.Sequence);
        var mark = pen.Mark();
        try
        {
            entry.WriteTo(pen);
        }
        catch (Exception error)
        {
            pen.RollBack(mark);
            batch.Remove(entry);
            entry.Lose(error);
        }

        if (pen.Lines.Length + pen.BodiesEnd - writtenBodies >= HandOverBytes)
        {
            HandOver();
        }
    }

    /// <summary>Gives what has gathered to the kernel, bodies before lines. From here on only a loss of power can take it.</summary>
    public void HandOver()
    {
        if (live is null || batch.Count + pen.Lines.Length == 0)
        {
            return;
        }

        if (pen.Pieces.Count > 0)
        {
            disk.Write(live.Bodies.SafeFileHandle, pen.Pieces, writtenBodies);
            writtenBodies = pen.BodiesEnd;
        }

        if (pen.Lines.Length > 0)
        {
            disk.Write(live.Lines.SafeFileHandle, [pen.Lines.Written], writtenLines);
            writtenLines += pen.Lines.Length;
        }

        pen.Flushed();
        lock (gate)
        {
            handed = new HandedOver(pen.Position, pen.BodiesEnd, [.. pen.Seal]);
            foreach (var entry in batch)
            {
                unsettled.Enqueue((entry, pen.Position.Sequence));
            }
        }

        batch.Clear();
    }

    /// <summary>Ends the live segment with its last line. The next entry opens another.</summary>
    public void Seal()
    {
        if (live is null)
        {
            return;
        }

        pen.Footer();
        HandOver();
        live = null;
    }

    /// <summary>Waits for the disk until all that was handed over before is on it; then those entries are settled.</summary>
    public void Sync()
    {
        var settled = new List<JournalEntry>();
        HandedOver target;
        lock (syncing)
        {
            LiveSegment[] files;
            lock (gate)
            {
                files = [.. unsynced];
                target = handed;
            }

            var started = Stopwatch.GetTimestamp();
            foreach (var file in files)
            {
                disk.Sync(file.Bodies.SafeFileHandle);
                disk.Sync(file.Lines.SafeFileHandle);
                if (!file.IsNamed)
                {
                    disk.SyncDirectory(settings.Directory);
                    file.IsNamed = true;
                }
            }

            IngestMeter.JournalFsync.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
            lock (gate)
            {
                durable = target;
                while (unsettled.TryPeek(out var first) && first.Sequence <= target.End.Sequence)
                {
                    settled.Add(unsettled.Dequeue().Entry);
                }

                foreach (var done in unsynced.FindAll(segment => segment.Number < target.End.Segment))
                {
                    done.Close();
                    unsynced.Remove(done);
                }
            }
        }

        advanced(target.End, target.BodiesEnd);
        foreach (var entry in settled)
        {
            entry.Settle(target.End);
        }
    }

    /// <summary>After a failure: nobody waits for anything that is not on disk yet.</summary>
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

    /// <summary>After a failure, in the writer's thread: takes the files back to what is durable, and keeps the entries that are not.</summary>
    public void Abandon()
    {
        lock (syncing)
        {
            lock (gate)
            {
                batch.InsertRange(0, unsettled.Select(waiting => waiting.Entry));
                unsettled.Clear();
            }

            batch.ForEach(entry => entry.Delay());
            live = null;
            TakeBack();
            pen.StartAt(durable.End, durable.BodiesEnd, durable.Seal);
            lock (gate)
            {
                handed = durable;
            }
        }
    }

    /// <summary>Writes and syncs again all that was not durable, in a new segment.</summary>
    public void Rewrite()
    {
        var waiting = batch.ToArray();
        batch.Clear();
        var next = 0;
        try
        {
            while (next < waiting.Length)
            {
                Add(waiting[next++]);
            }

            HandOver();
        }
        finally
        {
            batch.AddRange(waiting.AsSpan(next));
        }

        Sync();
    }

    public void Dispose()
    {
        unsynced.ForEach(segment => segment.Close());
        pen.Dispose();
    }

    /// <summary>Keeps an entry for the next <see cref="Rewrite"/>.</summary>
    public void Hold(JournalEntry entry) => batch.Add(entry);

    /// <summary>All that was never put on disk, given up.</summary>
    public void Lose(Exception error)
    {
        List<JournalEntry> lost = [.. batch];
        lock (gate)
        {
            lost.AddRange(unsettled.Select(waiting => waiting.Entry));
            unsettled.Clear();
        }

        batch.Clear();
        lost.ForEach(entry => entry.Lose(error));
    }

    private void TakeBack()
    {
        foreach (var segment in unsynced.ToArray())
        {
            if (segment.Number == durable.End.Segment && durable.End.Offset > 0)
            {
                disk.SetLength(segment.Lines.SafeFileHandle, durable.End.Offset);
                disk.SetLength(segment.Bodies.SafeFileHandle, durable.BodiesEnd);
                disk.Sync(segment.Lines.SafeFileHandle);
                disk.Sync(segment.Bodies.SafeFileHandle);
            }
            else
            {
                disk.Delete(segment.Lines.Name);
                disk.Delete(segment.Bodies.Name);
            }

            segment.Close();
            lock (gate)
            {
                unsynced.Remove(segment);
            }
        }
    }

    private void OpenSegment()
    {
        var next = pen.Position.Segment + (pen.Position.Offset > 0 ? 1 : 0);
        var bodies = CreateAnew(JournalDirectory.PlainPath(settings.Directory, next, SegmentPart.Bodies));
        try
        {
            live = new LiveSegment(next, CreateAnew(JournalDirectory.PlainPath(settings.Directory, next, SegmentPart.Lines)), bodies);
        }
        catch
        {
            bodies.Dispose();
            throw;
        }

        lock (gate)
        {
            unsynced.Add(live);
        }

        writtenLines = writtenBodies = 0;
        pen.StartAt(new JournalPosition(pen.Position.Journal, next, 0, pen.Position.Sequence), 0, [.. pen.Seal]);
        pen.Header();
    }

    /// <summary>A file of that name is what an attempt left that failed half-way.</summary>
    private FileStream CreateAnew(string path)
    {
        if (File.Exists(path))
        {
            disk.Delete(path);
        }

        return disk.Create(path);
    }

    private readonly record struct HandedOver(JournalPosition End, long BodiesEnd, byte[] Seal);
}
