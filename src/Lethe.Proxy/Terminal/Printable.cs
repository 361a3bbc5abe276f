using System.Globalization;
using System.Text;

namespace Lethe.Proxy.Terminal;

/// <summary>Captured text as it may reach a terminal: it can neither command it nor be read as other than what it is.</summary>
internal static class Printable
{
    /// <summary>
    /// Line ends stay; other control characters are spaces; what turns the direction of writing is shown by its number (<c>\u202E</c>); what has no
    /// width at all is left out (Unicode 17, general category Cf); half a character is U+FFFD.
    /// </summary>
    public static string Of(string text)
    {
        if (IsPlain(text))
        {
            return text;
        }

        var printable = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '\n')
            {
                printable.Append('\n');
            }
            else if (TurnsDirection(rune.Value))
            {
                printable.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
            }
            else
            {
                switch (Rune.GetUnicodeCategory(rune))
                {
                    case UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                        printable.Append(' ');
                        break;
                    case UnicodeCategory.Format:
                        break;
                    default:
                        printable.Append(rune.ToString());
                        break;
                }
            }
        }

        return printable.ToString();
    }

    /// <summary>In one line: as <see cref="Of"/>, line ends as spaces.</summary>
    public static string Line(string text) => Of(text).Replace('\n', ' ');

    private static bool IsPlain(string text)
    {
        foreach (var character in text)
        {
            if (character is < ' ' and not '\n' or > '~')
            {
                return false;
            }
        }

        return true;
    }

    // https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
    private static bool TurnsDirection(int value) => value is 0x061C or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);
}
