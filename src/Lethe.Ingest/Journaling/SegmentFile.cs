using Microsoft.Win32.SafeHandles;
using ZstdSharp;

namespace Lethe.Ingest.Journaling;

/// <summary>A file of a segment, read at any offset, whether it lies there plain or sealed in frames. Not thread-safe.</summary>
internal sealed class SegmentFile : IDisposable
{
    private const int FramesKeptMax = 12;

    private readonly SafeFileHandle handle;
    private readonly FrameTable? table;
    private readonly Decompressor? decompressor;

    // The frames that were last unfolded, newest last.
    private readonly List<(int Index, byte[] Bytes)> unfolded = [];

    private SegmentFile(SafeFileHandle handle, bool isSealed)
    {
        this.handle = handle;
        IsSealed = isSealed;
        if (isSealed)
        {
            table = FrameTable.Read(handle);
            decompressor = new Decompressor();
        }
    }

    public bool IsSealed { get; }

    /// <summary>Bytes as they were written, now.</summary>
    public long Length => table?.Length ?? RandomAccess.GetLength(handle);

    /// <summary>Opens a segment's file; null when it is not there. <see cref="InvalidDataException"/> when it is sealed and its table is damaged.</summary>
    public static SegmentFile? TryOpen(string directory, long segment, SegmentPart part)
    {
        // The sealed form is whole and named before the plain one goes.
        return TryOpen(JournalDirectory.PlainPath(directory, segment, part), false) ?? TryOpen(JournalDirectory.SealedPath(directory, segment, part), true);
    }

    /// <summary>Reads what is there from an offset on, as far as it fits, to the end of a frame at most; 0 at the end. <see cref="InvalidDataException"/> when the frame is damaged, <see cref="IOException"/> when the disk is.</summary>
    public int Read(Span<byte> into, long offset)
    {
        if (table is null)
        {
            return RandomAccess.Read(handle, into, offset);
        }

        if (offset >= table.Length || into.IsEmpty)
        {
            return 0;
        }

        var piece = Unfold((int)(offset / FrameTable.FrameBytes)).AsSpan((int)(offset % FrameTable.FrameBytes));
        var count = Math.Min(piece.Length, into.Length);
        piece[..count].CopyTo(into);
        return count;
    }

    /// <summary>Fills a buffer from an offset on; false when the file ends before. Throws as <see cref="Read"/>.</summary>
    public bool TryFill(Span<byte> into, long offset)
    {
        while (!into.IsEmpty)
        {
            var count = Read(into, offset);
            if (count == 0)
            {
                return false;
            }

            into = into[count..];
            offset += count;
        }

        return true;
    }

    /// <summary>Behind a damaged frame the next one may be whole: where it begins.</summary>
    public long NextFrame(long offset) => table is null ? long.MaxValue : ((offset / FrameTable.FrameBytes) + 1) * FrameTable.FrameBytes;

    public void Dispose()
    {
        handle.Dispose();
        decompressor?.Dispose();
    }

    private static SegmentFile? TryOpen(string path, bool isSealed)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return new SegmentFile(handle, isSealed);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch
        {
            handle?.Dispose();
            throw;
        }
    }

    private byte[] Unfold(int index)
    {
        var kept = unfolded.FindIndex(frame => frame.Index == index);
        if (kept >= 0)
        {
            var found = unfolded[kept];
            unfolded.RemoveAt(kept);
            unfolded.Add(found);
            return found.Bytes;
        }

        var bytes = Decode(table!.Frames[index], (int)Math.Min(FrameTable.FrameBytes, table.Length - ((long)index * FrameTable.FrameBytes)));
        if (unfolded.Count == FramesKeptMax)
        {
            unfolded.RemoveAt(0);
        }

        unfolded.Add((index, bytes));
        return bytes;
    }

    private byte[] Decode(Frame frame, int length)
    {
        var compressed = new byte[frame.Length];
        if (RandomAccess.Read(handle, compressed, frame.Offset) != compressed.Length || FrameTable.Checksum(compressed) != frame.Checksum)
        {
            throw new InvalidDataException("A frame of the sealed file is damaged.");
        }

        var bytes = GC.AllocateUninitializedArray<byte>(length);
        try
        {
            return decompressor!.Unwrap(compressed, bytes) == length ? bytes : throw new InvalidDataException("A frame of the sealed file unfolds to another length.");
        }
        catch (ZstdException error)
        {
            throw new InvalidDataException("A frame of the sealed file cannot be unfolded.", error);
        }
    }
}
