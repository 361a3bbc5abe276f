using System.Buffers;
using System.Text;

namespace Lethe.Ingest.Reading;

/// <summary>
/// A text as an index takes it, the same for every store: its words, whole and in lower case, those of <c>camelCase</c> apart as well; and its code: what
/// stands between spaces and is not one plain word, to be found by any piece of three characters.
/// </summary>
internal sealed record SearchTokens(IReadOnlyCollection<string> Words, IReadOnlyCollection<string> Code)
{
    /// <summary>What stands behind so many characters of a document is not indexed.</summary>
    public const int CharactersMax = 256 * 1024;

    /// <summary>A longer word is found by its beginning.</summary>
    public const int WordCharactersMax = 64;

    private const int TellingMax = 4;

    /// <summary>More trigrams of a query tell nothing more apart.</summary>
    private const int TrigramsMax = 24;

    private static readonly SearchValues<char> Separators = SearchValues.Create([.. Enumerable.Range(0, char.MaxValue).Select(code => (char)code).Where(IsSeparator)]);

    private const string Edges = ".,;:!?\"'`()[]{}<>";

    public static SearchTokens Of(IEnumerable<string> texts)
    {
        var (words, code) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var room = CharactersMax;
        foreach (var text in texts)
        {
            var taken = text.AsSpan(0, Math.Min(room, text.Length));
            foreach (var place in taken.SplitAny(Separators))
            {
                if (Trim(taken[place]) is { IsEmpty: false } token)
                {
                    AddWords(words, token);
                    if (IsCode(token) && IsWhole(token))
                    {
                        code.Add(Lower(token));
                    }
                }
            }

            room -= taken.Length;
        }

        return new SearchTokens(words, code);
    }

    /// <summary>True of what no token holds: spaces, and what cannot be written.</summary>
    public static bool IsSeparator(char character) => char.IsWhiteSpace(character) || char.IsControl(character);

    /// <summary>False where half a character stands alone, which no store takes.</summary>
    public static bool IsWhole(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out _, out var length) != OperationStatus.Done)
            {
                return false;
            }

            text = text[length..];
        }

        return true;
    }

    /// <summary>Without the quotes, brackets and stops around it.</summary>
    public static ReadOnlySpan<char> Trim(ReadOnlySpan<char> token) => token.Trim(Edges);

    /// <summary>True of anything but one plain word in a script whose words spaces part.</summary>
    public static bool IsCode(ReadOnlySpan<char> token)
    {
        for (var i = 0; i < token.Length; i++)
        {
            if (!char.IsAsciiLetter(token[i]) || (i > 0 && char.IsAsciiLetterUpper(token[i]) && char.IsAsciiLetterLower(token[i - 1])))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The whole words of a token, in lower case.</summary>
    public static IReadOnlyCollection<string> WordsOf(ReadOnlySpan<char> token)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        AddWords(words, token);
        return words;
    }

    /// <summary>All pieces of three characters, as they come.</summary>
    public static IEnumerable<string> TrigramsOf(string code)
    {
        for (var start = 0; start < code.Length;)
        {
            var second = Behind(code, start);
            var third = second < code.Length ? Behind(code, second) : code.Length;
            if (third == code.Length)
            {
                yield break;
            }

            yield return code[start..Behind(code, third)];
            start = second;
        }
    }

    /// <summary>The pieces of three by which a query's code is looked for.</summary>
    public static IEnumerable<string> TellingTrigramsOf(SearchQuery query) => query.Code.SelectMany(TellingTrigramsOf).Distinct().Take(TrigramsMax);

    /// <summary>
    /// Those pieces of three that tell a piece of code from others: side by side, from its end, for paths and ids begin alike and end apart. A frequent one more
    /// costs a look at all that have it, and tells nothing.
    /// </summary>
    public static IEnumerable<string> TellingTrigramsOf(string code)
    {
        var trigrams = TrigramsOf(code).ToList();
        for (var (at, left) = (trigrams.Count - 1, TellingMax); at >= 0 && left > 0; left--)
        {
            yield return trigrams[at];
            at = at is > 0 and < 3 ? 0 : at - 3;
        }
    }

    private static int Behind(string text, int at) => at + (at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1);

    public static string Lower(ReadOnlySpan<char> text) => new string(text).ToLowerInvariant();

    private static void AddWords(HashSet<string> words, ReadOnlySpan<char> token)
    {
        for (var start = 0; start < token.Length;)
        {
            if (!char.IsLetterOrDigit(token[start]))
            {
                start++;
                continue;
            }

            var end = start + 1;
            var hump = start;
            for (; end < token.Length && char.IsLetterOrDigit(token[end]); end++)
            {
                if (char.IsAsciiLetterUpper(token[end]) && char.IsAsciiLetterLower(token[end - 1]))
                {
                    Add(words, token[hump..end]);
                    hump = end;
                }
            }

            Add(words, token[hump..end]);
            Add(words, token[start..end]);
            start = end;
        }
    }

    private static void Add(HashSet<string> words, ReadOnlySpan<char> word) => words.Add(Lower(word[..Math.Min(word.Length, WordCharactersMax)]));
}
