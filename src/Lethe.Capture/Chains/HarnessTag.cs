using System.Text;

namespace Lethe.Capture.Chains;

/// <summary>A tag in which a harness wraps what changes from request to request. Matched to the letter: no attributes, no nesting.</summary>
internal sealed class HarnessTag(string name)
{
    private readonly string open = $"<{name}>";
    private readonly string close = $"</{name}>";

    /// <summary>Takes every tagged span away; an open tag without its end takes the rest with it.</summary>
    public string Strip(string text)
    {
        var start = text.IndexOf(open, StringComparison.Ordinal);
        if (start < 0)
        {
            return text;
        }

        var kept = new StringBuilder(text.Length).Append(text, 0, start);
        while (true)
        {
            var end = text.IndexOf(close, start, StringComparison.Ordinal);
            if (end < 0)
            {
                return kept.ToString();
            }

            var next = end + close.Length;
            var joined = OpenAcross(kept, text.AsSpan(next));
            if (joined > 0)
            {
                kept.Length -= joined;
                start = next;
                continue;
            }

            start = text.IndexOf(open, next, StringComparison.Ordinal);
            if (start < 0)
            {
                return kept.Append(text, next, text.Length - next).ToString();
            }

            kept.Append(text, next, start - next);
        }
    }

    /// <summary>How many of the kept characters begin an open tag that the text after a removed span completes; 0 for none.</summary>
    private int OpenAcross(StringBuilder kept, ReadOnlySpan<char> rest)
    {
        for (var length = Math.Min(open.Length - 1, kept.Length); length > 0; length--)
        {
            if (rest.StartsWith(open.AsSpan(length)) && EndsWith(kept, open.AsSpan(0, length)))
            {
                return length;
            }
        }

        return 0;
    }

    private static bool EndsWith(StringBuilder kept, ReadOnlySpan<char> tail)
    {
        for (var i = 0; i < tail.Length; i++)
        {
            if (kept[kept.Length - tail.Length + i] != tail[i])
            {
                return false;
            }
        }

        return true;
    }
}
