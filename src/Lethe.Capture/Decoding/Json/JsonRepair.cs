using System.Buffers;

namespace Lethe.Capture.Decoding.Json;

/// <summary>
/// Makes JSON of what is nearly JSON, where there is only one way to read it: numbers that Python writes and JSON has not (NaN, Infinity) become null,
/// control characters in strings are escaped, and commas before a closing bracket go.
/// </summary>
internal static class JsonRepair
{
    /// <summary>Null when there is nothing to mend.</summary>
    public static byte[]? TryMend(ReadOnlySpan<byte> json)
    {
        var output = new ArrayBufferWriter<byte>(json.Length + 64);
        var mended = false;
        for (var at = 0; at < json.Length;)
        {
            var rest = json[at..];
            if (rest[0] == '"')
            {
                at += WriteString(rest, output, ref mended);
            }
            else if (NumberThatIsNone(rest) is > 0 and var length)
            {
                output.Write("null"u8);
                (at, mended) = (at + length, true);
            }
            else if (rest[0] == ',' && rest[1..].TrimStart(" \t\r\n"u8) is [(byte)'}' or (byte)']', ..])
            {
                (at, mended) = (at + 1, true);
            }
            else
            {
                output.Write(rest[..1]);
                at++;
            }
        }

        return mended ? output.WrittenSpan.ToArray() : null;
    }

    private static int NumberThatIsNone(ReadOnlySpan<byte> rest) =>
        rest.StartsWith("NaN"u8) ? 3
        : rest.StartsWith("Infinity"u8) ? 8
        : rest.StartsWith("-Infinity"u8) ? 9
        : rest.StartsWith("-NaN"u8) ? 4
        : 0;

    private static int WriteString(ReadOnlySpan<byte> rest, ArrayBufferWriter<byte> output, ref bool mended)
    {
        output.Write(rest[..1]);
        var at = 1;
        while (at < rest.Length)
        {
            var letter = rest[at++];
            if (letter >= ' ')
            {
                output.Write([letter]);
            }
            else
            {
                output.Write("\\u00"u8);
                output.Write([(byte)"01"[letter >> 4], (byte)"0123456789abcdef"[letter & 15]]);
                mended = true;
            }

            if (letter == '"')
            {
                break;
            }

            if (letter == '\\' && at < rest.Length)
            {
                output.Write(rest.Slice(at++, 1));
            }
        }

        return at;
    }
}
