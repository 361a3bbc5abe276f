using System.Buffers;

namespace Lethe.Capture.Redaction;

/// <summary>Private keys in PEM (RFC 7468), whole or cut off, also inside JSON strings, where line ends are escaped.</summary>
internal static class PrivateKeys
{
    private const string Kind = "private_key";
    private const string Begin = "-----BEGIN ";
    private const string End = "-----END ";
    private const string Dashes = "-----";
    private const int LabelLengthMax = 64;
    private const int BodyLengthMin = 16;
    private const string Base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

    // A backslash is in both for the sake of \n; one that begins an escaped quote is given back.
    private static readonly SearchValues<char> Armour = SearchValues.Create(Base64 + "\\\r\n\t :,.()-");
    private static readonly SearchValues<char> Body = SearchValues.Create(Base64 + "\\\r\n");

    public static Finding Examine(ReadOnlySpan<char> text, int at, bool final)
    {
        var label = text[(at + Begin.Length)..];
        var labelEnd = label[..Math.Min(label.Length, LabelLengthMax)].IndexOf(Dashes);
        if (labelEnd < 0)
        {
            return final || label.Length >= LabelLengthMax ? Finding.Nothing : Finding.Unsure;
        }

        if (!label[..labelEnd].Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            return Finding.Nothing;
        }

        var start = at + Begin.Length + labelEnd + Dashes.Length;
        var runEnded = SecretRuns.TryMeasure(text, start, Armour, final, out var length);
        if (Closing(text.Slice(start, length)) is { } closed)
        {
            return new Finding(at, start + closed, Kind);
        }

        if (!runEnded)
        {
            return Finding.Unsure;
        }

        _ = SecretRuns.TryMeasure(text, start, Body, final: true, out length);
        var cut = text.Slice(start, length).TrimEnd('\\').Length;
        return cut >= BodyLengthMin ? new Finding(at, start + cut, Kind) : Finding.Nothing;
    }

    /// <summary>The length up to and with the closing line, or null.</summary>
    private static int? Closing(ReadOnlySpan<char> run)
    {
        var end = run.IndexOf(End);
        if (end < 0)
        {
            return null;
        }

        var dashes = run[(end + End.Length)..].IndexOf(Dashes);
        return dashes < 0 ? null : end + End.Length + dashes + Dashes.Length;
    }
}
