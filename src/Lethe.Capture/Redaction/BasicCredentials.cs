using System.Buffers;

namespace Lethe.Capture.Redaction;

/// <summary>The user and password after the name of the scheme (RFC 7617): base64 of text with a colon in it; prose has none.</summary>
internal static class BasicCredentials
{
    private const int LengthMin = 8;
    private const int LengthMax = 1024;

    public static Finding Examine(ReadOnlySpan<char> text, int at, SearchValues<char> alphabet, bool final)
    {
        var start = at + "Basic ".Length;
        if (!SecretRuns.TryMeasure(text, start, alphabet, final, out var length, LengthMax + 1))
        {
            return Finding.Unsure;
        }

        return length is >= LengthMin and <= LengthMax && HoldsColon(text.Slice(start, length)) ? new Finding(start, start + length, "basic_credentials") : Finding.Nothing;
    }

    private static bool HoldsColon(ReadOnlySpan<char> coded)
    {
        coded = coded.TrimEnd('=');
        Span<char> padded = stackalloc char[LengthMax + 4];
        coded.CopyTo(padded);
        var whole = (coded.Length + 3) / 4 * 4;
        padded[coded.Length..whole].Fill('=');
        Span<byte> plain = stackalloc byte[LengthMax];
        return Convert.TryFromBase64Chars(padded[..whole], plain, out var written)
            && plain[..written].IndexOf((byte)':') > 0
            && !plain[..written].ContainsAnyInRange((byte)0, (byte)31);
    }
}
