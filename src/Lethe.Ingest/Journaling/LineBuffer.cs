using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;

namespace Lethe.Ingest.Journaling;

/// <summary>Journal text being put together in one rented, growing array. Not thread-safe.</summary>
internal sealed class LineBuffer : IDisposable
{
    private const int FirstBytes = 64 * 1024;
    private const int KeptBytesMax = 4 * 1024 * 1024;

    private byte[] bytes = ArrayPool<byte>.Shared.Rent(FirstBytes);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => bytes.AsMemory(0, Length);

    public void Raw(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Room(text.Length));
        Length += text.Length;
    }

    public void Number(long value)
    {
        Utf8Formatter.TryFormat(value, Room(20), out var written);
        Length += written;
    }

    /// <summary>A JSON string of UTF-16 text. A lone surrogate is written as its escape, so that any string comes back as it was.</summary>
    public void Text(string value)
    {
        Raw("\""u8);
        ReadOnlySpan<char> rest = value;
        while (!rest.IsEmpty)
        {
            var utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(rest.Length));
            var status = Utf8.FromUtf16(rest, utf8, out var read, out var written, replaceInvalidSequences: false);
            Escaped(utf8.AsSpan(0, written));
            ArrayPool<byte>.Shared.Return(utf8);
            rest = rest[read..];
            if (status != OperationStatus.Done)
            {
                JsonText.WriteCodeUnit(rest[0], Room(6));
                Length += 6;
                rest = rest[1..];
            }
        }

        Raw("\""u8);
    }

    /// <summary>A UUID as its 36 characters.</summary>
    public void Id(Guid value)
    {
        Utf8Formatter.TryFormat(value, Room(36), out var written);
        Length += written;
    }

    public void HexText(ReadOnlySpan<byte> value)
    {
        Raw("\""u8);
        Convert.TryToHexStringLower(value, Room(value.Length * 2), out var written);
        Length += written;
        Raw("\""u8);
    }

    /// <summary>Forgets what was written after <paramref name="length"/>.</summary>
    public void Truncate(int length) => Length = length;

    /// <summary>Empties the buffer; an array grown far beyond the ordinary goes back to the pool.</summary>
    public void Clear()
    {
        Length = 0;
        if (bytes.Length > KeptBytesMax)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            bytes = ArrayPool<byte>.Shared.Rent(FirstBytes);
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        Length = 0;
    }

    private void Escaped(ReadOnlySpan<byte> utf8)
    {
        while (!utf8.IsEmpty)
        {
            var piece = utf8[..Math.Min(utf8.Length, JsonText.PieceBytesMax)];
            Length += JsonText.Escape(piece, Room(JsonText.EscapedBytesMax(piece.Length)));
            utf8 = utf8[piece.Length..];
        }
    }

    private Span<byte> Room(int count)
    {
        if (bytes.Length - Length < count)
        {
            var wanted = Math.Max((long)Length + count, Math.Min(bytes.Length * 2L, Array.MaxLength));
            var larger = ArrayPool<byte>.Shared.Rent(checked((int)wanted));
            bytes.AsSpan(0, Length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(bytes);
            bytes = larger;
        }

        return bytes.AsSpan(Length);
    }
}
