using System.Diagnostics;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// Writes entries into the live segment and syncs them. Throws <see cref="IOException"/> when the disk fails; then <see cref="Abandon"/>,
/// and <see cref="Rewrite"/> into a new segment. Not thread-safe.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private const int WriteBytes = 1024 * 1024;

    private readonly JournalSettings settings;
    private readonly OpenLines open;
    private readonly LineWriter lines;
    private readonly List<JournalEntry> unsettled = [];
    private readonly byte[] durableSeal = new byte[JournalLine.SealBytes];
    private readonly Action<JournalPosition> advanced;
    private FileStream? live;
    private long fileLength;

    /// <param name="advanced">Told the new durable end after each sync, before anybody who waits for it goes on.</param>
    public SegmentWriter(JournalSettings settings, JournalTail tail, Action<JournalPosition> advanced)
    {
        this.advanced = advanced;
        this.settings = settings;
        open = new OpenLines(tail.Open);
        lines = new LineWriter(open);
        lines.StartAt(tail.End, tail.Seal);
        Durable = tail.End;
        tail.Seal.CopyTo(durableSeal, 0);
    }

    /// <summary>Everything before this is on disk.</summary>
    public JournalPosition Durable { get; private set; }

    /// <summary>What a crash of the machine would lose.</summary>
    public long UnsyncedBytes => lines.Position.Segment == Durable.Segment ? lines.Position.Offset - Durable.Offset : lines.Position.Offset;

    /// <summary>The segment that is being written; 0 when none is.</summary>
    public long LiveSegment => live is null ? 0 : lines.Position.Segment;

    public void Add(JournalEntry entry)
    {
        unsettled.Add(entry);
        Serialise(entry);
    }

    /// <summary>Writes what is buffered and waits for the disk; then all entries are settled.</summary>
    public void Sync()
    {
        if (live is null)
        {
            return;
        }

        Flush();
        var started = Stopwatch.GetTimestamp();
        RandomAccess.FlushToDisk(live.SafeFileHandle);
        IngestMeter.JournalFsync.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        Durable = lines.Position;
        lines.Seal.CopyTo(durableSeal);
        open.Settle();
        advanced(Durable);
        foreach (var entry in unsettled)
        {
            entry.Settle(Durable);
        }

        unsettled.Clear();
    }

    /// <summary>Ends the live segment with its last line. The next entry opens another.</summary>
    public void Seal()
    {
        if (live is null)
        {
            return;
        }

        lines.Footer();
        Sync();
        live.Dispose();
        live = null;
    }

    /// <summary>After a failure: takes the live segment back to what was durable, and lets nobody wait any longer.</summary>
    public void Abandon()
    {
        foreach (var entry in unsettled)
        {
            entry.Delay();
        }

        open.RollBack(0);
        if (live is not null)
        {
            var path = live.Name;
            if (Durable.Segment == lines.Position.Segment)
            {
                RandomAccess.SetLength(live.SafeFileHandle, Durable.Offset);
                RandomAccess.FlushToDisk(live.SafeFileHandle);
            }
            else
            {
                File.Delete(path);
            }

            live.Dispose();
            live = null;
        }

        lines.StartAt(Durable, durableSeal);
    }

    /// <summary>Writes again all that was not durable, into a new segment.</summary>
    public void Rewrite()
    {
        var waiting = unsettled.ToArray();
        unsettled.Clear();
        var next = 0;
        try
        {
            while (next < waiting.Length)
            {
                Add(waiting[next++]);
            }

            Sync();
        }
        finally
        {
            unsettled.AddRange(waiting.AsSpan(next));
        }
    }

    public void Dispose()
    {
        live?.Dispose();
        lines.Dispose();
    }

    private void Serialise(JournalEntry entry)
    {
        if (live is not null && lines.Position.Offset >= settings.SegmentBytesMax)
        {
            RotateKeeping(entry);
        }

        if (live is null)
        {
            OpenSegment();
        }

        var mark = lines.Mark();
        try
        {
            entry.WriteTo(lines);
        }
        catch (Exception error)
        {
            lines.RollBack(mark);
            unsettled.Remove(entry);
            entry.Lose(error);
        }

        if (lines.Buffer.Length >= WriteBytes)
        {
            Flush();
        }
    }

    /// <summary>Seals the segment. The entry that comes next is not in it, so it must not be settled with it.</summary>
    private void RotateKeeping(JournalEntry entry)
    {
        var after = unsettled.IndexOf(entry);
        var later = unsettled.GetRange(after, unsettled.Count - after);
        unsettled.RemoveRange(after, later.Count);
        try
        {
            Seal();
        }
        finally
        {
            unsettled.AddRange(later);
        }
    }

    private void OpenSegment()
    {
        var next = lines.Position.Segment + (lines.Position.Offset > 0 ? 1 : 0);
        live = JournalDirectory.OpenFile(JournalDirectory.PlainPath(settings.Directory, next), FileMode.CreateNew, FileShare.Read | FileShare.Delete);
        fileLength = 0;
        lines.StartAt(new JournalPosition(default, next, 0, lines.Position.Sequence), [.. lines.Seal]);
        JournalDirectory.Sync(settings.Directory);
        lines.Header();
    }

    private void Flush()
    {
        RandomAccess.Write(live!.SafeFileHandle, lines.Buffer.Written.Span, fileLength);
        fileLength += lines.Buffer.Length;
        lines.Flushed();
    }
}
