using System.Buffers;

namespace Lethe.Capture.Redaction;

/// <summary>
/// Values whose name says that they are secret: of environment variables (<c>GH_TOKEN=…</c>), settings and connection strings (<c>password=…;</c>), JSON
/// (<c>"password":"…"</c>), YAML and headers (<c>password: …</c>). Code and prose use the same names, so what a value looks like counts too.
/// </summary>
internal static class AssignedSecrets
{
    private const int BlanksMax = 8;
    private const int QuotedLengthMin = 4;
    private const int BareLengthMin = 6;
    private const int NumberLengthMax = 12;

    /// <summary>A name that a model's own words use too: only what looks random is a secret.</summary>
    private const string Weak = "token";

    private const int WeakLengthMin = 16;

    private static readonly SearchValues<char> Identifier = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$.");

    private static readonly SearchValues<char> Number = SearchValues.Create("0123456789._-");

    // Longer names first, where one begins with another.
    public static readonly string[] Names =
    [
        "api_key", "api-key", "apikey", "access_key", "accesskey", "account_key", "accountkey", "secret_key", "secretkey", "private_key", "privatekey", "access_token",
        "accesstoken", "auth_token", "authtoken", "refresh_token", "client_secret", "clientsecret", Weak, "secret", "password", "passwd", "passphrase", "pass", "pwd",
    ];

    /// <summary>Looks at what follows the name at <paramref name="at"/>. Quotes stay, and so does the name.</summary>
    public static Finding Examine(ReadOnlySpan<char> text, int at, string name, bool final)
    {
        if (name is "pass" or "pwd" && SecretRuns.RunsInto(text, at) && !char.IsAsciiLetterUpper(text[at]))
        {
            return Finding.Nothing;
        }

        var next = at + name.Length;
        var isConstant = !text[at..next].ContainsAnyInRange('a', 'z');
        var isKey = false;
        if (next < text.Length && text[next] is '"' or '\'')
        {
            isKey = true;
            next++;
        }

        var blanksBefore = SkipBlanks(text, ref next);
        if (next >= text.Length)
        {
            return final ? Finding.Nothing : Finding.Unsure;
        }

        var separator = text[next++];
        if (separator is not ('=' or ':'))
        {
            return Finding.Nothing;
        }

        var blanksBehind = SkipBlanks(text, ref next);
        if (next + 1 >= text.Length && !final)
        {
            return Finding.Unsure;
        }

        if (next >= text.Length)
        {
            return Finding.Nothing;
        }

        if (text[next] is '"' or '\'')
        {
            // A quote before one of these ends a JSON string, in which no value came.
            return next + 1 == text.Length || text[next + 1] is ',' or ':' or '}' or ']' or <= ' '
                ? Finding.Nothing
                : Value(text, next + 1, new Place(name, isConstant, Quoted: true, isKey, separator), final);
        }

        // A blank behind the sign of an assignment belongs to it only where one stands before it.
        return isKey || (separator == '=' && blanksBehind > 0 && blanksBefore == 0)
            ? Finding.Nothing
            : Value(text, next, new Place(name, isConstant, Quoted: false, isKey, separator), final);
    }

    private static Finding Value(ReadOnlySpan<char> text, int start, Place place, bool final)
    {
        var at = start;
        while (at < text.Length && at - start < SecretShapes.SecretBytesMax && place.Holds(text[at]))
        {
            at++;
        }

        if (at == text.Length && !final && at - start < SecretShapes.SecretBytesMax)
        {
            return Finding.Unsure;
        }

        while (at < text.Length && at > start && IsContinuation(text[at]))
        {
            at--;
        }

        return IsSecret(text[start..at], place) ? new Finding(start, at, place.IsConstant ? "env_secret" : "assigned_secret") : Finding.Nothing;
    }

    private static bool IsSecret(ReadOnlySpan<char> value, Place place)
    {
        if (Placeholders.Is(value) || IsExpression(value))
        {
            return false;
        }

        var isNumber = !value.ContainsAnyExcept(Number);
        if (isNumber && (!place.Quoted || place.Name == Weak) && value.Length < NumberLengthMax)
        {
            return false;
        }

        if (place.IsConstant)
        {
            return place.Separator == '=' || LooksRandom(value, BareLengthMin);
        }

        if (place.Name == Weak)
        {
            return LooksRandom(value, WeakLengthMin);
        }

        return place switch
        {
            { Quoted: true, IsKey: true } or { Quoted: true, Separator: '=' } => value.Length >= QuotedLengthMin && !value.Contains(' '),
            _ => LooksRandom(value, BareLengthMin),
        };
    }

    /// <summary>Letters and digits, and no words with blanks between them.</summary>
    private static bool LooksRandom(ReadOnlySpan<char> value, int lengthMin)
    {
        var letters = 0;
        foreach (var letter in value)
        {
            letters += char.IsAsciiLetter(letter) ? 1 : 0;
        }

        return value.Length >= lengthMin && !value.Contains(' ') && letters > 0 && value.ContainsAnyInRange('0', '9');
    }

    /// <summary>True for code: a call, or members of members (<c>process.env.TOKEN</c>, <c>t.password</c>) without a digit in them.</summary>
    private static bool IsExpression(ReadOnlySpan<char> value)
    {
        value = value.TrimEnd(")}],");
        var call = value.IndexOf('(');
        return (call >= 0 && value[..call].IndexOfAnyExcept(Identifier) < 0)
            || (value.Contains('.') && value.IndexOfAnyExcept(Identifier) < 0 && !value.ContainsAnyInRange('0', '9'));
    }

    private static int SkipBlanks(ReadOnlySpan<char> text, ref int at)
    {
        var start = at;
        while (at < text.Length && at - start < BlanksMax && text[at] is ' ' or '\t')
        {
            at++;
        }

        return at - start;
    }

    /// <summary>The second and later bytes of a character in UTF-8.</summary>
    private static bool IsContinuation(char c) => c is >= '\x80' and <= '\xbf';

    /// <summary>How a value stands behind its name.</summary>
    private readonly record struct Place(string Name, bool IsConstant, bool Quoted, bool IsKey, char Separator)
    {
        /// <summary>True for a character that goes on with the value.</summary>
        public bool Holds(char c) => c switch
        {
            '"' or '\'' or '`' or '\x7f' => false,
            ' ' => Quoted,
            < ' ' => false,
            ';' => Quoted,
            ',' or '&' or ')' or '}' or ']' or '>' => Quoted || IsConstant,
            _ => true,
        };
    }
}
