using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;

namespace Lethe.Capture.Chains;

/// <summary>Strings as RFC 8785 §3.2.2.2 writes them: UTF-8, with the shortest escape for a quote, a backslash and C0 controls only.</summary>
internal static class CanonicalText
{
    private const int ChunkChars = 2048;
    private const int Utf8BytesPerCharMax = 3;

    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, ' ').Select(code => (char)code), '"', '\\']);

    /// <summary>Writes a string with its quotes; false when it holds a lone surrogate.</summary>
    public static bool TryWrite(ReadOnlySpan<char> text, IBufferWriter<byte> output)
    {
        output.Write("\""u8);
        while (!text.IsEmpty)
        {
            var plain = text.IndexOfAny(Escaped);
            if (!TryWritePlain(plain < 0 ? text : text[..plain], output))
            {
                return false;
            }

            if (plain < 0)
            {
                break;
            }

            WriteEscape(text[plain], output);
            text = text[(plain + 1)..];
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

    private static bool TryWritePlain(ReadOnlySpan<char> text, IBufferWriter<byte> output)
    {
        while (!text.IsEmpty)
        {
            var chunk = text.Length <= ChunkChars ? text : text[..ChunkChars];
            var span = output.GetSpan(chunk.Length * Utf8BytesPerCharMax);
            var status = Utf8.FromUtf16(chunk, span, out var read, out var written, replaceInvalidSequences: false, isFinalBlock: chunk.Length == text.Length);
            if (status == OperationStatus.InvalidData)
            {
                return false;
            }

            output.Advance(written);
            text = text[read..];
        }

        return true;
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
            WriteEscape((char)rune.Value.Value, output);
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

    private static void WriteEscape(char letter, IBufferWriter<byte> output)
    {
        switch (letter)
        {
            case '"': output.Write("\\\""u8); break;
            case '\\': output.Write("\\\\"u8); break;
            case '\b': output.Write("\\b"u8); break;
            case '\t': output.Write("\\t"u8); break;
            case '\n': output.Write("\\n"u8); break;
            case '\f': output.Write("\\f"u8); break;
            case '\r': output.Write("\\r"u8); break;
            default:
                output.Write("\\u00"u8);
                output.Write([Hex(letter >> 4), Hex(letter & 0xF)]);
                break;
        }
    }

    private static byte Hex(int digit) => (byte)"0123456789abcdef"[digit];
}
