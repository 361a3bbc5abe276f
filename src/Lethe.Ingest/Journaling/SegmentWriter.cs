namespace Lethe.Ingest.Journaling;

/// <summary>
/// Puts entries into lines and hands them to the kernel, in the writer's thread. <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when
/// the disk fails; then <see cref="Abandon"/> and <see cref="Rewrite"/> put what was not durable into a new segment.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private const int HandOverBytes = 1024 * 1024;

    private readonly JournalSettings settings;
    private readonly JournalDisk disk;
    private readonly SegmentSync sync;
    private readonly LinePen pen;

    // Entries that are not handed over. Only the writer's thread changes them; others look, under the gate.
    private readonly Lock gate = new();
    private readonly List<JournalEntry> batch = [];
    private long writtenLines;
    private long writtenBodies;
    private LiveSegment? live;
    private volatile bool isGivenUp;

    public SegmentWriter(JournalSettings settings, JournalDisk disk, JournalTail tail, SegmentSync sync)
    {
        this.settings = settings;
        this.disk = disk;
        this.sync = sync;
        pen = new LinePen(tail.Journal, tail.Open);
        pen.StartAt(tail.End, 0, tail.Seal);
        pen.Settle(tail.End.Sequence);
    }

    /// <summary>Puts an entry into lines, and hands over when enough has gathered.</summary>
    public void Add(JournalEntry entry)
    {
        Hold(entry);
        if (live is not null && pen.Position.Offset + pen.BodiesEnd >= settings.SegmentBytesMax)
        {
            EndBefore(entry);
        }

        if (live is null)
        {
            OpenSegment();
        }

        pen.Settle(sync.Durable.Lines.Sequence);
        var mark = pen.Mark();
        try
        {
            entry.WriteTo(pen);
        }
        catch (Exception error)
        {
            pen.RollBack(mark);
            Drop(entry);
            entry.Lose(error);
        }

        if (pen.LineBytes + pen.BodiesEnd - writtenBodies >= HandOverBytes)
        {
            HandOver();
        }
    }

    /// <summary>Gives what has gathered to the kernel, bodies before lines. From here on only a loss of power can take it.</summary>
    public void HandOver()
    {
        if (live is null || isGivenUp || batch.Count + pen.LineBytes == 0)
        {
            return;
        }

        if (pen.Pieces.Count > 0)
        {
            disk.Write(live.Bodies.SafeFileHandle, pen.Pieces, writtenBodies);
            writtenBodies = pen.BodiesEnd;
        }

        if (isGivenUp)
        {
            return;
        }

        if (pen.LineBytes > 0)
        {
            disk.Write(live.Lines.SafeFileHandle, [pen.SealLines()], writtenLines);
            writtenLines += pen.LineBytes;
        }

        pen.Flushed();
        lock (gate)
        {
            sync.HandedOver(new SealedEnd(pen.Position, pen.BodiesEnd, [.. pen.Seal]), batch);
            batch.Clear();
        }
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

    /// <summary>Nobody waits for what is not handed over yet.</summary>
    public void Delay()
    {
        JournalEntry[] waiting;
        lock (gate)
        {
            waiting = [.. batch];
        }

        foreach (var entry in waiting)
        {
            entry.Delay();
        }
    }

    /// <summary>Keeps an entry for the next <see cref="Rewrite"/>.</summary>
    public void Hold(JournalEntry entry)
    {
        lock (gate)
        {
            batch.Add(entry);
        }
    }

    /// <summary>After a failure: takes the files back to what is durable, and keeps the entries that are not.</summary>
    public void Abandon()
    {
        live = null;
        var durable = sync.TakeBack(HoldFirst);
        pen.StartAt(durable.Lines, durable.Bodies, durable.Seal);
    }

    /// <summary>Writes and syncs again all that was not durable, in a new segment.</summary>
    public void Rewrite()
    {
        var waiting = batch.ToArray();
        lock (gate)
        {
            batch.Clear();
        }

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
            lock (gate)
            {
                batch.AddRange(waiting.AsSpan(next));
            }
        }

        sync.Sync();
    }

    /// <summary>All that was never handed over, given up: its memory is another's by now, so that nothing of it may be written. Called in any thread.</summary>
    public void Lose(Exception error)
    {
        isGivenUp = true;
        JournalEntry[] lost;
        lock (gate)
        {
            lost = [.. batch];
            batch.Clear();
        }

        foreach (var entry in lost)
        {
            entry.Lose(error);
        }
    }

    public void Dispose() => pen.Dispose();

    private void HoldFirst(List<JournalEntry> entries)
    {
        lock (gate)
        {
            batch.InsertRange(0, entries);
        }

        Delay();
    }

    /// <summary>Ends the live segment without an entry that was to go into it.</summary>
    private void EndBefore(JournalEntry entry)
    {
        Drop(entry);
        try
        {
            Seal();
        }
        finally
        {
            Hold(entry);
        }
    }

    private void Drop(JournalEntry entry)
    {
        lock (gate)
        {
            batch.Remove(entry);
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

        sync.Opened(live);
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
}
