using System.Buffers;

namespace Lethe.Ingest.Journaling;

/// <summary>Reads one segment line by line from an offset, in one rented buffer that grows to the longest line.</summary>
internal sealed class LineReader(SegmentFile file, long offset, bool ownsFile = true) : IDisposable
{
    private const int BufferBytes = 128 * 1024;
    private const int KeptBytesMax = 4 * 1024 * 1024;

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int start;
    private int filled;

    /// <summary>Where the next line starts.</summary>
    public long Offset { get; private set; } = offset;

    /// <summary>Bytes read behind the last whole line.</summary>
    public int PartialBytes => filled - start;

    public bool IsSealed => file.IsSealed;

    /// <summary>Passes a damaged frame: what follows is read from the next one on, behind the line that ends in it. False when there is none.</summary>
    public bool TryPassDamage()
    {
        var next = file.NextFrame(Offset + filled - start);
        if (next >= file.Length)
        {
            return false;
        }

        (start, filled, Offset) = (0, 0, next);
        return TryRead(long.MaxValue, out _);
    }

    /// <summary>The seal of the line that ends at an offset; false when none ends there.</summary>
    public bool TryReadSealBefore(long end, Span<byte> seal)
    {
        Span<byte> suffix = stackalloc byte[JournalLine.SuffixBytes + 1];
        return end >= suffix.Length
            && file.TryFill(suffix, end - suffix.Length)
            && suffix[^1] == '\n'
            && JournalLine.TryReadSeal(suffix[9..^3], seal);
    }

    /// <summary>The next whole line that ends before <paramref name="end"/>, without its newline; valid until the next call. False when there is none yet.</summary>
    public bool TryRead(long end, out ReadOnlyMemory<byte> line)
    {
        var searched = start;
        while (true)
        {
            var newline = buffer.AsSpan(searched, filled - searched).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                var length = searched + newline - start;
                line = buffer.AsMemory(start, length);
                start += length + 1;
                Offset += length + 1;
                return true;
            }

            var partial = filled - start;
            if (!Fill(end))
            {
                line = default;
                return false;
            }

            searched = start + partial;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        if (ownsFile)
        {
            file.Dispose();
        }
    }

    private bool Fill(long end)
    {
        var fileOffset = Offset + filled - start;
        if (fileOffset >= end)
        {
            return false;
        }

        if (filled - start == buffer.Length)
        {
            MoveInto(ArrayPool<byte>.Shared.Rent(checked(buffer.Length * 2)));
        }
        else if (buffer.Length > KeptBytesMax && filled - start < BufferBytes)
        {
            MoveInto(ArrayPool<byte>.Shared.Rent(BufferBytes));
        }
        else if (start > 0)
        {
            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            filled -= start;
            start = 0;
        }

        var room = (int)Math.Min(buffer.Length - filled, end - fileOffset);
        var read = file.Read(buffer.AsSpan(filled, room), fileOffset);
        filled += read;
        return read > 0;
    }

    private void MoveInto(byte[] other)
    {
        buffer.AsSpan(start, filled - start).CopyTo(other);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = other;
        filled -= start;
        start = 0;
    }
}
