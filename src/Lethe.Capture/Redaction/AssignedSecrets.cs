using System.Globalization;

namespace Lethe.Capture.Redaction;

/// <summary>Values of environment variables whose name says that they are secret: <c>…API_KEY=</c>, <c>…TOKEN=</c>, <c>…SECRET=</c>, <c>…PASSWORD=</c>.</summary>
internal static class AssignedSecrets
{
    private const string Kind = "env_secret";
    private const string Mark = "[redacted:";

    public static readonly string[] Anchors =
        ["API_KEY=", "APIKEY=", "ACCESS_KEY=", "SECRET_KEY=", "PRIVATE_KEY=", "TOKEN=", "SECRET=", "PASSWORD=", "PASSWD="];

    /// <summary>Looks at the value that begins at <paramref name="start"/>, bare or quoted, also inside a JSON string. Quotes and escapes stay.</summary>
    public static Finding Examine(ReadOnlySpan<char> text, int start, bool final)
    {
        var quoted = false;
        var at = start;
        while (at < text.Length && text[at] == '\\' && at - start < SecretShapes.SecretBytesMax)
        {
            at++;
        }

        if (at == text.Length || at - start == SecretShapes.SecretBytesMax)
        {
            return final || at - start == SecretShapes.SecretBytesMax ? Finding.Nothing : Finding.Unsure;
        }

        if (text[at] is '"' or '\'')
        {
            if (at + 1 == text.Length && !final)
            {
                return Finding.Unsure;
            }

            if (!Opens(text, start, at))
            {
                return Finding.Nothing;
            }

            quoted = true;
            at++;
        }
        else
        {
            at = start;
        }

        if (!final && text.Length - at < Mark.Length && Mark.AsSpan().StartsWith(text[at..], StringComparison.Ordinal))
        {
            return Finding.Unsure;
        }

        return text[at..].StartsWith(Mark, StringComparison.Ordinal) ? Finding.Nothing : Value(text, at, quoted, final);
    }

    /// <summary>True for a quote that begins a value, and false for one that ends a JSON string, in which no value came.</summary>
    private static bool Opens(ReadOnlySpan<char> text, int start, int quote)
    {
        // Each level of JSON inside JSON doubles the backslashes and adds one: 1, 3, 7. Any other number means a backslash before a bare quote.
        var escapes = quote - start;
        return (escapes & (escapes + 1)) == 0 && quote + 1 < text.Length && text[quote + 1] is not (',' or ':' or '}' or ']' or <= ' ');
    }

    private static Finding Value(ReadOnlySpan<char> text, int start, bool quoted, bool final)
    {
        var at = start;
        while (at < text.Length && at - start < SecretShapes.SecretBytesMax)
        {
            var length = text[at] == '\\' ? EscapeLength(text[at..], final) : IsValue(text[at], quoted) ? 1 : 0;
            if (length < 0)
            {
                return Finding.Unsure;
            }

            if (length == 0)
            {
                return at > start ? new Finding(start, at, Kind) : Finding.Nothing;
            }

            at += length;
        }

        if (at == text.Length && !final)
        {
            return Finding.Unsure;
        }

        while (at < text.Length && at > start && IsContinuation(text[at]))
        {
            at--;
        }

        return at > start ? new Finding(start, at, Kind) : Finding.Nothing;
    }

    private static bool IsValue(char c, bool quoted) => c is not ('"' or '\'' or '`' or '\x7f') && (c > ' ' || (quoted && c == ' '));

    /// <summary>The second and later bytes of a character in UTF-8.</summary>
    private static bool IsContinuation(char c) => c is >= '\x80' and <= '\xbf';

    /// <summary>How long the JSON escape is when it stands for a visible character: 2 or 6. 0 when it ends the value, −1 when it is not all there.</summary>
    private static int EscapeLength(ReadOnlySpan<char> text, bool final)
    {
        if (text.Length >= 2 && text[1] != 'u')
        {
            return text[1] == '/' ? 2 : 0;
        }

        if (text.Length < 6)
        {
            return final ? 0 : -1;
        }

        return ushort.TryParse(text[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            && unit > ' ' && unit is not ('"' or '\'' or '`' or 0x7f) ? 6 : 0;
    }
}
