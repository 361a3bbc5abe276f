using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Lethe.Capture.Decoding.Json;

/// <summary>
/// A delta can end inside a character. The halves, of a surrogate pair or of a character in UTF-8, travel through JSON as code points that no text has, and
/// become a character again where the deltas are put together; what finds no other half is U+FFFD.
/// </summary>
internal static class HalfCharacters
{
    // U+10F000 to U+10F3FF stand for high surrogates, U+10F400 to U+10F7FF for low ones, U+10F800 to U+10F8FF for bytes.
    private const char HighMark = '\udbfc';
    private const char LowMark = '\udbfd';
    private const char ByteMark = '\udbfe';
    private const char Replacement = '\ufffd';
    private const int UnitBytes = 6;

    /// <summary>The JSON with its halves marked; itself when it has none.</summary>
    public static ReadOnlyMemory<byte> Mark(ReadOnlyMemory<byte> json)
    {
        var span = json.Span;
        if (Utf8.IsValid(span) && span.IndexOf("\\ud"u8) < 0 && span.IndexOf("\\uD"u8) < 0)
        {
            return json;
        }

        var output = new ArrayBufferWriter<byte>(span.Length + 64);
        while (!span.IsEmpty)
        {
            var length = span[0] == '\\' ? WriteEscape(span, output)
                : Rune.DecodeFromUtf8(span, out _, out var bytes) == OperationStatus.Done ? Copy(span[..bytes], output)
                : WriteMark(ByteMark, span[0], output);
            span = span[length..];
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>The text with its halves joined; itself when it has none.</summary>
    public static StringBuilder Join(StringBuilder text)
    {
        foreach (var chunk in text.GetChunks())
        {
            if (chunk.Span.IndexOfAnyInRange(HighMark, ByteMark) >= 0)
            {
                return new StringBuilder(Join(text.ToString()));
            }
        }

        return text;
    }

    /// <inheritdoc cref="Join(StringBuilder)"/>
    public static string Join(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange(HighMark, ByteMark) < 0)
        {
            return text;
        }

        var joined = new StringBuilder(text.Length);
        List<byte> bytes = [];
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == ByteMark && i + 1 < text.Length)
            {
                bytes.Add((byte)text[++i]);
                continue;
            }

            joined.Append(Encoding.UTF8.GetString([.. bytes]));
            bytes.Clear();
            var isPair = text[i] == HighMark && i + 3 < text.Length && text[i + 2] == LowMark;
            if (isPair)
            {
                joined.Append((char)(0xd800 | (text[i + 1] & 0x3ff))).Append((char)(0xdc00 | (text[i + 3] & 0x3ff)));
            }
            else
            {
                joined.Append(text[i] is HighMark or LowMark ? Replacement : text[i]);
            }

            i += isPair ? 3 : text[i] is HighMark or LowMark ? 1 : 0;
        }

        return joined.Append(Encoding.UTF8.GetString([.. bytes])).ToString();
    }

    /// <summary>A whole value in which halves can have no other half any more: they become U+FFFD.</summary>
    public static byte[] Unmark(byte[] json)
    {
        if (json.AsSpan().IndexOf("\\uDbF"u8) < 0)
        {
            return json;
        }

        return Encoding.UTF8.GetBytes(MarksInJson(Encoding.UTF8.GetString(json)));
    }

    private static string MarksInJson(string json)
    {
        var plain = new StringBuilder(json.Length);
        var at = 0;
        for (int mark; (mark = json.IndexOf("\\uDbF", at, StringComparison.Ordinal)) >= 0 && mark + (2 * UnitBytes) <= json.Length; at = mark + (2 * UnitBytes))
        {
            plain.Append(json, at, mark - at).Append("\\ufffd");
        }

        return plain.Append(json, at, json.Length - at).ToString();
    }

    private static int WriteEscape(ReadOnlySpan<byte> span, ArrayBufferWriter<byte> output)
    {
        if (Unit(span) is not { } first || !char.IsSurrogate(first))
        {
            return Copy(span[..Math.Min(span.Length, 2)], output);
        }

        if (span.Length > UnitBytes && Unit(span[UnitBytes..]) is { } second && char.IsSurrogatePair(first, second))
        {
            return Copy(span[..(2 * UnitBytes)], output);
        }

        _ = WriteMark(char.IsHighSurrogate(first) ? HighMark : LowMark, first & 0x3ff, output);
        return UnitBytes;
    }

    private static int WriteMark(char mark, int value, ArrayBufferWriter<byte> output)
    {
        // Spelled as no encoder spells it, so that it is known again.
        output.Write(Encoding.ASCII.GetBytes($"\\uDbF{(char)('c' + (mark - HighMark))}\\u{0xdc00 | value:x4}"));
        return 1;
    }

    private static int Copy(ReadOnlySpan<byte> bytes, ArrayBufferWriter<byte> output)
    {
        output.Write(bytes);
        return bytes.Length;
    }

    private static char? Unit(ReadOnlySpan<byte> at) =>
        at.Length >= UnitBytes && at[0] == '\\' && at[1] == 'u' && ushort.TryParse(at.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : null;
}
