using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Lethe.Capture.Decoding.Json;

/// <summary>Makes bytes safe to read as text: invalid UTF-8 and escaped lone surrogates become U+FFFD. Clean input is returned as it is.</summary>
internal static class Utf8Repair
{
    public static ReadOnlyMemory<byte> Clean(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body.Span));
        }

        return body.Span.IndexOf("\\ud"u8) < 0 && body.Span.IndexOf("\\uD"u8) < 0 ? body : WithoutLoneSurrogates(body);
    }

    private static ReadOnlyMemory<byte> WithoutLoneSurrogates(ReadOnlyMemory<byte> body)
    {
        byte[]? repaired = null;
        var span = body.Span;
        for (var at = span.IndexOf((byte)'\\'); at >= 0 && at + 1 < span.Length;)
        {
            var unit = EscapedUnit(span[at..]);
            var length = unit is null ? 2 : 6;
            if (unit is { } first && char.IsSurrogate(first))
            {
                var second = at + 6 < span.Length ? EscapedUnit(span[(at + 6)..]) : null;
                if (second is { } low && char.IsSurrogatePair(first, low))
                {
                    length = 12;
                }
                else
                {
                    repaired ??= body.ToArray();
                    "fffd"u8.CopyTo(repaired.AsSpan(at + 2));
                }
            }

            var next = at + length >= span.Length ? -1 : span[(at + length)..].IndexOf((byte)'\\');
            at = next < 0 ? -1 : at + length + next;
        }

        return repaired ?? body;
    }

    private static char? EscapedUnit(ReadOnlySpan<byte> at) =>
        at.Length >= 6 && at[0] == '\\' && at[1] == 'u' && ushort.TryParse(at.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : null;
}
