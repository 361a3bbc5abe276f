using System.Buffers;

namespace Lethe.Capture.Redaction;

/// <summary>Secrets that are one run of an alphabet behind a prefix.</summary>
internal static class SecretRuns
{
    private const int BearerLengthMin = 8;
    private const int BearerLengthSure = 24;
    private const int TokenPartLengthMin = 8;

    /// <summary>A prefix and a run whose length lies within bounds; a longer run is something else, unless the bound is the general one.</summary>
    public static Finding Plain(
        ReadOnlySpan<char> text, int at, int prefix, string kind, SearchValues<char> alphabet, int lengthMin, int lengthMax, bool final)
    {
        // One more than the longest tells that a run is too long.
        if (!TryMeasure(text, at + prefix, alphabet, final, out var length, Math.Min(lengthMax + 1, SecretShapes.SecretBytesMax)))
        {
            return Finding.Unsure;
        }

        return length >= lengthMin && (length <= lengthMax || lengthMax == SecretShapes.SecretBytesMax)
            ? new Finding(at, at + prefix + length, kind)
            : Finding.Nothing;
    }

    /// <summary>A prefix that many words end in as well: it must stand alone, and the run behind it be long and hold a digit.</summary>
    public static Finding Named(ReadOnlySpan<char> text, int at, string prefix, string kind, SearchValues<char> alphabet, int lengthMin, bool final, int lengthMax = SecretShapes.SecretBytesMax)
    {
        if (at > 0 && (RunsInto(text, at) || text[at - 1] is '_' or '-'))
        {
            return Finding.Nothing;
        }

        var finding = Plain(text, at, prefix.Length, kind, alphabet, lengthMin, lengthMax, final);
        return finding.IsSecret && !text[finding.Start..finding.End].ContainsAnyInRange('0', '9') ? Finding.Nothing : finding;
    }

    /// <summary>The credential after the scheme's name (RFC 6750); prose ("bearer authentication") is left alone.</summary>
    public static Finding Bearer(ReadOnlySpan<char> text, int at, SearchValues<char> alphabet, bool final)
    {
        var start = at + "Bearer ".Length;
        if (!TryMeasure(text, start, alphabet, final, out var length))
        {
            return Finding.Unsure;
        }

        var looksRandom = length >= BearerLengthSure || (length >= BearerLengthMin && text.Slice(start, length).ContainsAnyInRange('0', '9'));
        return looksRandom ? new Finding(start, start + length, "bearer_token") : Finding.Nothing;
    }

    /// <summary>Three base64url parts, the first an object (RFC 7519), near the beginning of its run: a run of beginnings is not measured from each of them.</summary>
    public static Finding JsonWebToken(ReadOnlySpan<char> text, int at, SearchValues<char> alphabet, bool final)
    {
        if (at >= SecretShapes.LookBehind && !text.Slice(at - SecretShapes.LookBehind, SecretShapes.LookBehind).ContainsAnyExcept(alphabet))
        {
            return Finding.Nothing;
        }

        var end = at;
        for (var part = 0; part < 3; part++)
        {
            if (!TryMeasure(text, end, alphabet, final, out var length))
            {
                return Finding.Unsure;
            }

            end += length;
            if (part == 2)
            {
                break;
            }

            if (length is < TokenPartLengthMin or SecretShapes.SecretBytesMax || end == text.Length || text[end] != '.')
            {
                return Finding.Nothing;
            }

            end++;
        }

        return new Finding(at, end, "jwt");
    }

    /// <summary>The length of the run, at most the bound; false when the text ends before the run does and more may come.</summary>
    public static bool TryMeasure(
        ReadOnlySpan<char> text, int start, SearchValues<char> alphabet, bool final, out int length, int lengthMax = SecretShapes.SecretBytesMax)
    {
        var rest = text[start..Math.Min(text.Length, start + lengthMax)];
        length = rest.IndexOfAnyExcept(alphabet);
        if (length >= 0)
        {
            return true;
        }

        length = rest.Length;
        return final || length == lengthMax;
    }

    /// <summary>True when a word runs into it: the middle of something else, such as of a file in base64.</summary>
    public static bool RunsInto(ReadOnlySpan<char> text, int at) => at > 0 && char.IsAsciiLetterOrDigit(text[at - 1]);

    /// <summary>Two parts behind the prefix, of about 22 and 43 characters.</summary>
    public static Finding SendGrid(ReadOnlySpan<char> text, int at, SearchValues<char> alphabet, bool final)
    {
        const int PartLengthMin = 16;
        if (RunsInto(text, at))
        {
            return Finding.Nothing;
        }

        var finding = Plain(text, at, "SG.".Length, "sendgrid_key", alphabet, 2 * PartLengthMin, 128, final);
        var parts = finding.IsSecret ? text[(at + "SG.".Length)..finding.End].TrimEnd('.') : [];
        var dot = parts.IndexOf('.');
        return !finding.IsSecret ? finding
            : dot >= PartLengthMin && parts.Length - dot > PartLengthMin && parts[(dot + 1)..].IndexOf('.') < 0 ? finding with { End = at + "SG.".Length + parts.Length }
            : Finding.Nothing;
    }
}
