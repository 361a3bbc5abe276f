using System.Globalization;
using System.Text;

namespace Lethe.Proxy.Page.Captured;

/// <summary>A stretch of captured text: shown as it is, or one character that nobody would see, shown by its code point.</summary>
internal readonly record struct TextRun(string Text, bool IsInvisible)
{
    private const int TagFirst = 0xE0000;
    private const int TagLast = 0xE007F;

    /// <summary>
    /// Text cut where a character has no shape of its own: controls but for tab and line end, what turns the direction of writing, what has no width, tags
    /// (Unicode 17, general categories Cc, Cf, Zl, Zp), and half a character.
    /// </summary>
    public static IReadOnlyList<TextRun> Of(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return [new TextRun(text, IsInvisible: false)];
        }

        var runs = new List<TextRun>();
        var start = 0;
        for (var at = 0; at < text.Length;)
        {
            var whole = Rune.TryGetRuneAt(text, at, out var rune);
            var length = whole ? rune.Utf16SequenceLength : 1;
            if (!whole || IsInvisibleRune(rune))
            {
                if (at > start)
                {
                    runs.Add(new TextRun(text[start..at], IsInvisible: false));
                }

                runs.Add(new TextRun("U+" + (whole ? rune.Value : text[at]).ToString("X4", CultureInfo.InvariantCulture), IsInvisible: true));
                start = at + length;
            }

            at += length;
        }

        if (start < text.Length)
        {
            runs.Add(new TextRun(text[start..], IsInvisible: false));
        }

        return runs;
    }

    private static bool IsInvisibleRune(Rune rune) =>
        rune.Value is not ('\n' or '\r' or '\t')
        && (rune.Value is >= TagFirst and <= TagLast
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
