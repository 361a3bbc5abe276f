using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// JSON strings (RFC 8259 §7) with the fewest escapes: the quote, the backslash and the control characters. The BCL's encoders escape more,
/// and refuse lone surrogates, which must survive here.
/// </summary>
internal static class JsonText
{
    public const int PieceBytesMax = 16 * 1024;

    // The letter behind the backslash for each byte; 0 where there is none.
    private static readonly byte[] EscapeLetters = Letters();

    /// <summary>What escaping may need: six bytes for each, and the width of one store beyond the end.</summary>
    public static int EscapedBytesMax(int length) => (length * 6) + Vector256<byte>.Count;

    /// <summary>Escapes UTF-8 into <paramref name="destination"/> (of at least <see cref="EscapedBytesMax"/>) and tells the length.</summary>
    public static int Escape(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, EscapedBytesMax(source.Length), nameof(destination));
        ref var from = ref MemoryMarshal.GetReference(source);
        ref var to = ref MemoryMarshal.GetReference(destination);
        nuint read = 0, written = 0, length = (nuint)source.Length, block = (nuint)Vector256<byte>.Count;

        // Each block is looked at once, and copied again from behind each of its escapes: what is copied too far is written over. A copy may
        // begin at the last byte of its block, so a second one has to lie behind it.
        while (read + (2 * block) <= length)
        {
            var bytes = Vector256.LoadUnsafe(ref from, read);
            bytes.StoreUnsafe(ref to, written);
            var end = read + block;
            for (var special = (ulong)Special(bytes); special != 0;)
            {
                var plain = BitOperations.TrailingZeroCount(special);
                special >>= plain + 1;
                read += (nuint)plain;
                written += (nuint)plain;
                written += WriteEscape(Unsafe.Add(ref from, read++), ref Unsafe.Add(ref to, written));
                Vector256.LoadUnsafe(ref from, read).StoreUnsafe(ref to, written);
            }

            written += end - read;
            read = end;
        }

        foreach (var value in source[(int)read..])
        {
            if (value is >= 0x20 and not (byte)'"' and not (byte)'\\')
            {
                Unsafe.Add(ref to, written++) = value;
            }
            else
            {
                written += WriteEscape(value, ref Unsafe.Add(ref to, written));
            }
        }

        return (int)written;
    }

    /// <summary>Writes one UTF-16 code unit as its six-byte escape.</summary>
    public static void WriteCodeUnit(int unit, Span<byte> destination)
    {
        @"\u"u8.CopyTo(destination);
        for (var i = 0; i < 4; i++)
        {
            destination[2 + i] = "0123456789abcdef"u8[(unit >> (12 - (4 * i))) & 15];
        }
    }

    /// <summary>The text of a JSON string's inside. Throws <see cref="FormatException"/> for an escape that JSON does not have.</summary>
    public static string Unescape(ReadOnlySpan<byte> inside)
    {
        var next = inside.IndexOf((byte)'\\');
        if (next < 0)
        {
            return Encoding.UTF8.GetString(inside);
        }

        var text = new StringBuilder(inside.Length);
        while (next >= 0)
        {
            text.Append(Encoding.UTF8.GetString(inside[..next]));
            inside = inside[next..];
            text.Append((char)ReadEscape(ref inside));
            next = inside.IndexOf((byte)'\\');
        }

        return text.Append(Encoding.UTF8.GetString(inside)).ToString();
    }

    // One bit for each byte that needs an escape.
    private static uint Special(Vector256<byte> bytes) =>
        (Vector256.Equals(bytes, Vector256.Create((byte)'"')) | Vector256.Equals(bytes, Vector256.Create((byte)'\\'))
            | Vector256.Equals(Vector256.Min(bytes, Vector256.Create((byte)0x1f)), bytes)).ExtractMostSignificantBits();

    private static byte[] Letters()
    {
        var letters = new byte[256];
        (letters['"'], letters['\\'], letters['\n'], letters['\r'], letters['\t'], letters['\b'], letters['\f']) =
            ((byte)'"', (byte)'\\', (byte)'n', (byte)'r', (byte)'t', (byte)'b', (byte)'f');
        return letters;
    }

    private static nuint WriteEscape(byte value, ref byte to)
    {
        var letter = EscapeLetters[value];
        if (letter == 0)
        {
            WriteCodeUnit(value, MemoryMarshal.CreateSpan(ref to, 6));
            return 6;
        }

        to = (byte)'\\';
        Unsafe.Add(ref to, 1) = letter;
        return 2;
    }

    private static int ReadEscape(ref ReadOnlySpan<byte> rest)
    {
        var letter = rest.Length > 1 ? rest[1] : (byte)0;
        if (letter == (byte)'u' && rest.Length >= 6
            && int.TryParse(rest.Slice(2, 4), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var unit))
        {
            rest = rest[6..];
            return unit;
        }

        rest = rest[Math.Min(2, rest.Length)..];
        return letter switch
        {
            (byte)'"' or (byte)'\\' or (byte)'/' => letter,
            (byte)'n' => '\n',
            (byte)'r' => '\r',
            (byte)'t' => '\t',
            (byte)'b' => '\b',
            (byte)'f' => '\f',
            _ => throw new FormatException("An escape that JSON does not have."),
        };
    }
}
