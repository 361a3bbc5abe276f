using System.Buffers;

namespace Lethe.Capture.Redaction;

/// <summary>Private keys in PEM (RFC 7468), whole or cut off.</summary>
internal static class PrivateKeys
{
    private const string Kind = "private_key";
    private const string Begin = "-----BEGIN ";
    private const string End = "-----END ";
    private const string Dashes = "-----";
    private const int LabelLengthMax = 64;
    private const int BodyLengthMin = 16;
    private const string Base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

    private static readonly SearchValues<char> Armour = SearchValues.Create(Base64 + "\r\n\t :,.()-");
    private static readonly SearchValues<char> Body = SearchValues.Create(Base64 + "\r\n");

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
        var body = text[start..Math.Min(text.Length, start + SecretShapes.SecretBytesMax)];
        if (Closing(body, mayGrow: !final && body.Length < SecretShapes.SecretBytesMax) is not { } closed)
        {
            return Finding.Unsure;
        }

        if (closed > 0)
        {
            return new Finding(at, start + closed, Kind);
        }

        var cut = body.IndexOfAnyExcept(Body);
        cut = (cut < 0 ? body : body[..cut]).Length;
        return cut >= BodyLengthMin ? new Finding(at, start + cut, Kind) : Finding.Nothing;
    }

    /// <summary>The length up to and with the closing line, which is the next line of dashes; 0 when there is none, and null when it may still come.</summary>
    private static int? Closing(ReadOnlySpan<char> body, bool mayGrow)
    {
        var end = body.IndexOf(Dashes);
        if ((end < 0 ? body : body[..end]).ContainsAnyExcept(Armour))
        {
            return 0;
        }

        if (end < 0)
        {
            return mayGrow ? null : 0;
        }

        if (!body[end..].StartsWith(End, StringComparison.Ordinal))
        {
            return mayGrow && End.AsSpan().StartsWith(body[end..], StringComparison.Ordinal) ? null : 0;
        }

        var label = body[(end + End.Length)..];
        label = label[..Math.Min(label.Length, LabelLengthMax)];
        var labelEnd = label.IndexOf(Dashes);
        if ((labelEnd < 0 ? label : label[..labelEnd]).ContainsAnyExcept(Armour))
        {
            return 0;
        }

        return labelEnd >= 0 ? end + End.Length + labelEnd + Dashes.Length
            : mayGrow && label.Length < LabelLengthMax ? null : 0;
    }
}
