using System.Buffers;

namespace Lethe.Capture.Chains;

/// <summary>Differences of blanks that mean nothing: CRLF, blanks at line ends, empty lines, blanks around the whole.</summary>
internal static class BlankDrift
{
    public static string Remove(string text)
    {
        var trimmed = text.AsSpan().Trim();
        if (!HasDrift(trimmed))
        {
            return trimmed.Length == text.Length ? text : trimmed.ToString();
        }

        // Trimming first is the same as trimming last: nothing below makes new blanks at either end.
        var folded = ArrayPool<char>.Shared.Rent(trimmed.Length);
        var result = new string(folded, 0, Fold(trimmed, folded));
        ArrayPool<char>.Shared.Return(folded);
        return result;
    }

    private static bool HasDrift(ReadOnlySpan<char> text)
    {
        for (var at = text.IndexOf('\n'); at >= 0;)
        {
            if (at > 0 && text[at - 1] is ' ' or '\t' or '\r' or '\n')
            {
                return true;
            }

            text = text[(at + 1)..];
            at = text.IndexOf('\n');
            if (at == 0)
            {
                return true;
            }
        }

        return false;
    }

    private static int Fold(ReadOnlySpan<char> text, Span<char> target)
    {
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i];
            if (letter == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
            {
                continue;
            }

            if (letter == '\n')
            {
                while (length > 0 && target[length - 1] is ' ' or '\t')
                {
                    length--;
                }

                if (length > 0 && target[length - 1] == '\n')
                {
                    continue;
                }
            }

            target[length++] = letter;
        }

        return length;
    }
}
