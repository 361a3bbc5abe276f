using System.Buffers;
using System.Globalization;

namespace Lethe.Capture.Redaction;

/// <summary>
/// Bytes as the text that they mean: JSON escapes and percent-encoding are undone, at whatever depth (text inside text), and the zero bytes
/// of UTF-16 and UTF-32 left out; each other byte is one character. Every character knows where its bytes begin. Not thread-safe.
/// </summary>
internal sealed class FoldedText : IDisposable
{
    /// <summary>A longer run of backslashes is taken for what it is.</summary>
    private const int BackslashesMax = 16 * 1024;

    private const int EscapeDigits = 4;
    private const int Incomplete = -1;

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdefABCDEF"u8);
    private static readonly SearchValues<byte> Special = SearchValues.Create("\\%\0"u8);

    private char[] chars = ArrayPool<char>.Shared.Rent(1024);
    private int[] starts = ArrayPool<int>.Shared.Rent(1024);

    public int Count { get; private set; }

    /// <summary>How many of the bytes have become text.</summary>
    public int FoldedBytes { get; private set; }

    public ReadOnlySpan<char> Chars => chars.AsSpan(0, Count);

    /// <summary>Where the character's first byte is; for the one past the last, where the next will be.</summary>
    public int Start(int index) => index < Count ? starts[index] : FoldedBytes;

    /// <summary>Takes what follows in <paramref name="bytes"/>. An escape that is not all there waits, unless <paramref name="final"/>.</summary>
    public void Fold(ReadOnlySpan<byte> bytes, bool final)
    {
        MakeRoom(bytes.Length - FoldedBytes);
        while (FoldedBytes < bytes.Length)
        {
            var plain = bytes[FoldedBytes..].IndexOfAny(Special);
            FoldPlain(bytes, plain < 0 ? bytes.Length : FoldedBytes + plain);
            if (FoldedBytes == bytes.Length)
            {
                return;
            }

            if (bytes[FoldedBytes] == 0)
            {
                FoldedBytes++;
                continue;
            }

            var length = Read(bytes, FoldedBytes, final, out var letter);
            if (length == Incomplete)
            {
                return;
            }

            starts[Count] = FoldedBytes;
            chars[Count++] = letter;
            FoldedBytes += length;
        }
    }

    /// <summary>Forgets what lies before that character, and before its first byte.</summary>
    public void Drop(int index)
    {
        var from = Start(index);
        Count -= index;
        FoldedBytes -= from;
        chars.AsSpan(index, Count).CopyTo(chars);
        for (var i = 0; i < Count; i++)
        {
            starts[i] = starts[index + i] - from;
        }
    }

    public void Dispose()
    {
        if (chars.Length > 0)
        {
            ArrayPool<char>.Shared.Return(chars, clearArray: true);
            ArrayPool<int>.Shared.Return(starts);
            (chars, starts, Count, FoldedBytes) = ([], [], 0, 0);
        }
    }

    private void FoldPlain(ReadOnlySpan<byte> bytes, int until)
    {
        var count = Count;
        for (var at = FoldedBytes; at < until; at++)
        {
            starts[count] = at;
            chars[count++] = (char)bytes[at];
        }

        (Count, FoldedBytes) = (count, until);
    }

    /// <summary>One character and the length of what stands for it.</summary>
    private static int Read(ReadOnlySpan<byte> bytes, int at, bool final, out char letter)
    {
        var length = ReadEscape(bytes, at, final, out letter);
        if (length == Incomplete || letter != '%')
        {
            return length;
        }

        // %25 is a percent sign, which may begin another one.
        while (true)
        {
            var first = ReadEscape(bytes, at + length, final, out var high);
            if (first > 0 && !char.IsAsciiHexDigit(high))
            {
                return length;
            }

            var low = '\0';
            var second = first > 0 ? ReadEscape(bytes, at + length + first, final, out low) : first;
            if (second == Incomplete)
            {
                return Incomplete;
            }

            if (second == 0 || !char.IsAsciiHexDigit(low))
            {
                return length;
            }

            length += first + second;
            var value = (char)((HexValue(high) << 4) | HexValue(low));
            if (value != '%')
            {
                letter = value;
                return length;
            }
        }
    }

    private static int ReadEscape(ReadOnlySpan<byte> bytes, int at, bool final, out char letter)
    {
        letter = '\0';
        if (at >= bytes.Length)
        {
            return final ? 0 : Incomplete;
        }

        letter = (char)bytes[at];
        if (letter != '\\')
        {
            return 1;
        }

        var end = SkipBackslashes(bytes, at);
        if (end == bytes.Length)
        {
            return final || end - at > BackslashesMax ? end - at : Incomplete;
        }

        var digits = bytes[end] switch { (byte)'u' => EscapeDigits, (byte)'x' => EscapeDigits / 2, _ => 0 };
        if (digits == 0)
        {
            letter = Named(bytes[end]);
            return end - at + (letter == '\\' ? 0 : 1);
        }

        var rest = bytes[(end + 1)..];
        var code = rest[..Math.Min(rest.Length, digits)];
        if (code.Length < digits && !final && code.IndexOfAnyExcept(HexDigits) < 0)
        {
            return Incomplete;
        }

        if (code.Length < digits || !ushort.TryParse(code, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
        {
            return end - at;
        }

        letter = (char)unit;
        return end - at + 1 + digits;
    }

    /// <summary>The end of a run of backslashes, of which some may be escapes themselves.</summary>
    private static int SkipBackslashes(ReadOnlySpan<byte> bytes, int at)
    {
        while (true)
        {
            var other = bytes[at..].IndexOfAnyExcept((byte)'\\');
            at = other < 0 ? bytes.Length : at + other;
            if (!bytes[at..].StartsWith("u005c"u8) && !bytes[at..].StartsWith("u005C"u8))
            {
                return at;
            }

            at += "u005c".Length;
        }
    }

    private static int HexValue(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static char Named(byte letter) => letter switch
    {
        (byte)'n' => '\n',
        (byte)'r' => '\r',
        (byte)'t' => '\t',
        (byte)'b' => '\b',
        (byte)'f' => '\f',
        (byte)'"' or (byte)'/' or (byte)'\'' => (char)letter,
        _ => '\\',
    };

    private void MakeRoom(int more)
    {
        if (Count + more <= chars.Length && Count + more <= starts.Length)
        {
            return;
        }

        var largerChars = ArrayPool<char>.Shared.Rent(Count + more);
        var largerStarts = ArrayPool<int>.Shared.Rent(Count + more);
        chars.AsSpan(0, Count).CopyTo(largerChars);
        starts.AsSpan(0, Count).CopyTo(largerStarts);
        ArrayPool<char>.Shared.Return(chars, clearArray: true);
        ArrayPool<int>.Shared.Return(starts);
        (chars, starts) = (largerChars, largerStarts);
    }
}
