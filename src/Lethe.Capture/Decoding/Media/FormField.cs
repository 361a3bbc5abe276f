using System.Text;

namespace Lethe.Capture.Decoding.Media;

/// <summary>A short field of a form (multipart/form-data, RFC 7578), beside which files may stand.</summary>
internal static class FormField
{
    private const int ValueBytesMax = 512;

    /// <summary>Null when there is no such field, or its value is no short line.</summary>
    public static string? Find(ReadOnlySpan<byte> body, ReadOnlySpan<byte> name)
    {
        Span<byte> mark = stackalloc byte[name.Length + 8];
        " name=\""u8.CopyTo(mark);
        name.CopyTo(mark[7..]);
        mark[^1] = (byte)'"';
        var at = body.IndexOf(mark);
        if (at < 0)
        {
            return null;
        }

        var rest = body[(at + mark.Length)..];
        var start = rest.IndexOf("\r\n\r\n"u8);
        if (start is < 0 or > ValueBytesMax)
        {
            return null;
        }

        rest = rest[(start + 4)..];
        var end = rest.IndexOf("\r\n"u8);
        return end is > 0 and <= ValueBytesMax ? Encoding.UTF8.GetString(rest[..end]) : null;
    }
}
