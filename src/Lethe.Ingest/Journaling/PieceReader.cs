using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>Reads what was said by its extents; keeps the files that it read last open. Not thread-safe, but for what a <see cref="GrownBody"/> asks later.</summary>
internal sealed class PieceReader(string directory) : IDisposable
{
    private const int FilesKeptMax = 3;

    /// <summary>So much of what is repeated is read with what is new: the last messages are looked at again.</summary>
    private const int AgainBytes = 8 * 1024;

    private readonly List<(long Segment, SegmentFile File)> files = [];
    private readonly Lock gate = new();

    /// <summary>The exchange that a line tells of, with its words; null when they were erased. <see cref="FormatException"/>, <see cref="InvalidDataException"/> or <see cref="IOException"/> when they are not there, or are none.</summary>
    public CapturedExchange? Read(JournaledCall call, bool withBodies = true)
    {
        var head = Read(call.Head);
        return CallHead.IsErased(head)
            ? null
            : CallHead.Read(call, head, withBodies ? new CapturedBody { Bytes = Read(call.Request.Rope) } : new CapturedBody(), withBodies ? Read(call.Response.Rope) : default);
    }

    /// <summary>As <see cref="Read(JournaledCall, bool)"/>, but of the request only what is behind the bytes of an earlier one; the rest can be asked for until this is let go.</summary>
    public CapturedExchange? ReadGrown(JournaledCall call, GrowingBodies bodies)
    {
        var head = Read(call.Head);
        if (CallHead.IsErased(head))
        {
            return null;
        }

        var rope = call.Request.Rope;
        var origin = bodies.Take(rope);
        var length = checked((int)Extent.TotalOf(rope));
        var from = Math.Max(0, origin.RepeatedBytes - AgainBytes);
        var last = ReadRun(rope, from, length - from);
        return CallHead.Read(call, head, new CapturedBody { Grown = new GrownBody(origin, length, last, (offset, count) => ReadRun(rope, offset, count)) }, Read(call.Response.Rope));
    }

    public byte[] Read(IReadOnlyList<Extent> rope)
    {
        var total = Extent.TotalOf(rope);
        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)total));
        var at = 0;
        foreach (var extent in rope)
        {
            Fill(bytes.AsSpan(at, (int)extent.Length), extent);
            at += (int)extent.Length;
        }

        return bytes;
    }

    /// <summary>The length of a segment's bodies; null when they are not there.</summary>
    public long? LengthOf(long segment)
    {
        lock (gate)
        {
            return Open(segment)?.Length;
        }
    }

    /// <summary>Fills a buffer from a run of bytes; throws as <see cref="Read(JournaledCall, bool)"/>.</summary>
    public void Fill(Span<byte> into, Extent extent)
    {
        lock (gate)
        {
            if (Open(extent.Segment) is not { } file || !file.TryFill(into, extent.Offset))
            {
                throw new FormatException($"What was said is not there: {extent.Length} bytes at {extent.Offset} of segment {extent.Segment}.");
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var (_, file) in files)
            {
                file.Dispose();
            }

            files.Clear();
        }
    }

    private byte[] ReadRun(IReadOnlyList<Extent> rope, int offset, int length)
    {
        var run = new List<Extent>();
        Extent.Cut(rope, offset, length, run);
        return Read(run);
    }

    private SegmentFile? Open(long segment)
    {
        var known = files.FindIndex(file => file.Segment == segment);
        if (known >= 0)
        {
            return files[known].File;
        }

        if (SegmentFile.TryOpen(directory, segment, SegmentPart.Bodies) is not { } opened)
        {
            return null;
        }

        if (files.Count == FilesKeptMax)
        {
            files[0].File.Dispose();
            files.RemoveAt(0);
        }

        files.Add((segment, opened));
        return opened;
    }
}
