using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;

namespace Lethe.Capture.Chains;

/// <summary>Strings as RFC 8785 §3.2.2.2 writes them: UTF-8, with the shortest escape for a quote, a backslash and C0 controls only.</summary>
internal static class CanonicalText
{
    private const int ChunkChars = 1024;
    private const int EscapeBytesMax = 6;

    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, ' ').Select(code => (char)code), '"', '\\']);

    /// <summary>Writes a string with its quotes; false when it holds a lone surrogate.</summary>
    public static bool TryWrite(ReadOnlySpan<char> text, IBufferWriter<byte> output)
    {
        output.Write("\""u8);
        while (!text.IsEmpty)
        {
            var length = Math.Min(text.Length, ChunkChars);
            if (length < text.Length && char.IsHighSurrogate(text[length - 1]))
            {
                length--;
            }

            if (!TryWriteChunk(text[..length], output.GetSpan(length * EscapeBytesMax), out var written))
            {
                return false;
            }

            output.Advance(written);
            text = text[length..];
        }

        output.Write("\""u8);
        return true;
    }

    /// <summary>Writes again a JSON string (without quotes) that is known to be valid UTF-8 with paired surrogates.</summary>
    public static void WriteLiteral(ReadOnlySpan<byte> literal, IBufferWriter<byte> output)
    {
        output.Write("\""u8);
        while (!literal.IsEmpty)
        {
            var plain = literal.IndexOf((byte)'\\');
            if (plain < 0)
            {
                output.Write(literal);
                break;
            }

            output.Write(literal[..plain]);
            literal = literal[(plain + WriteUnescaped(literal[plain..], output))..];
        }

        output.Write("\""u8);
    }

    /// <summary>True when an escape in valid JSON names half of a surrogate pair without its other half.</summary>
    public static bool HasLoneSurrogate(ReadOnlySpan<byte> json)
    {
        for (var at = json.IndexOf((byte)'\\'); at >= 0;)
        {
            json = json[at..];
            var length = 2;
            if (json[1] == 'u')
            {
                length = EscapeLength(json, out var rune);
                if (rune is null)
                {
                    return true;
                }
            }

            json = json[length..];
            at = json.IndexOf((byte)'\\');
        }

        return false;
    }

    private static bool TryWriteChunk(ReadOnlySpan<char> text, Span<byte> target, out int written)
    {
        written = 0;
        while (true)
        {
            var plain = text.IndexOfAny(Escaped);
            var status = Utf8.FromUtf16(plain < 0 ? text : text[..plain], target[written..], out _, out var count, replaceInvalidSequences: false);
            written += count;
            if (status != OperationStatus.Done)
            {
                return false;
            }

            if (plain < 0)
            {
                return true;
            }

            written += Escape(text[plain], target[written..]);
            text = text[(plain + 1)..];
        }
    }

    private static int WriteUnescaped(ReadOnlySpan<byte> escape, IBufferWriter<byte> output)
    {
        if (escape[1] != 'u')
        {
            output.Write(escape[1] == '/' ? "/"u8 : escape[..2]);
            return 2;
        }

        var length = EscapeLength(escape, out var rune);
        if (rune!.Value.Value < ' ' || rune.Value.Value is '"' or '\\')
        {
            output.Advance(Escape((char)rune.Value.Value, output.GetSpan(EscapeBytesMax)));
        }
        else
        {
            output.Advance(rune.Value.EncodeToUtf8(output.GetSpan(4)));
        }

        return length;
    }

    /// <summary>Reads <c>\uXXXX</c> or a pair of them; the rune is null for a lone surrogate.</summary>
    private static int EscapeLength(ReadOnlySpan<byte> escape, out Rune? rune)
    {
        const int UnitLength = 6;
        rune = null;
        var first = CodeUnit(escape);
        if (!char.IsSurrogate(first))
        {
            rune = new Rune(first);
            return UnitLength;
        }

        var next = escape[UnitLength..];
        if (next.Length >= UnitLength && next[0] == '\\' && next[1] == 'u' && Rune.TryCreate(first, CodeUnit(next), out var pair))
        {
            rune = pair;
        }

        return UnitLength * 2;
    }

    private static char CodeUnit(ReadOnlySpan<byte> escape)
    {
        _ = Utf8Parser.TryParse(escape.Slice(2, 4), out ushort unit, out _, 'x');
        return (char)unit;
    }

    private static int Escape(char letter, Span<byte> target)
    {
        target[0] = (byte)'\\';
        target[1] = letter switch
        {
            '"' or '\\' => (byte)letter,
            '\b' => (byte)'b',
            '\t' => (byte)'t',
            '\n' => (byte)'n',
            '\f' => (byte)'f',
            '\r' => (byte)'r',
            _ => (byte)'u',
        };
        if (target[1] != 'u')
        {
            return 2;
        }

        "00"u8.CopyTo(target[2..]);
        target[4] = Hex(letter >> 4);
        target[5] = Hex(letter & 0xF);
        return EscapeBytesMax;
    }

    private static byte Hex(int digit) => (byte)"0123456789abcdef"[digit];
}
