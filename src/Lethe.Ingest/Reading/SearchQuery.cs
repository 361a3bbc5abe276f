using System.Text;

namespace Lethe.Ingest.Reading;

/// <summary>What makes no search of a text.</summary>
/// <param name="Position">The character where it stands, from 1.</param>
public sealed record SearchFault(int Position, string Why);

/// <summary>
/// What is looked for: words, whole (<c>retry</c>) or by their beginning (<c>retr*</c>); pieces of code and ids, wherever they stand in one
/// (<c>scheduleRetry(</c>, <c>toolu_01</c>); and exact phrases in double quotes. All of them, in upper or lower case, in any order.
/// </summary>
public sealed class SearchQuery
{
    public const int CharactersMax = 500;
    private const int CodeCharactersMin = 3;
    private const int TermCharactersMin = 3;

    private readonly List<string> exact = [];
    private readonly List<string> words = [];
    private readonly List<string> beginnings = [];
    private readonly List<string> code = [];

    private SearchQuery(string text) => Text = text;

    /// <summary>As it was asked.</summary>
    public string Text { get; }

    /// <summary>Every one of them stands in what is found, case aside.</summary>
    public IReadOnlyList<string> Exact => exact;

    internal IReadOnlyList<string> Words => words;

    internal IReadOnlyList<string> Beginnings => beginnings;

    /// <summary>Lower case, three characters or more each.</summary>
    internal IReadOnlyList<string> Code => code;

    /// <summary>Null, with why and where, when the text is no query.</summary>
    public static SearchQuery? TryParse(string text, out SearchFault? fault)
    {
        var query = new SearchQuery(text);
        fault = Unwritable(text) ?? query.Read();
        return fault is null ? query : null;
    }

    /// <summary>True when each term stands in one of the texts.</summary>
    internal bool IsIn(IReadOnlyList<string> texts) => exact.TrueForAll(term => texts.Any(text => text.Contains(term, StringComparison.OrdinalIgnoreCase)));

    private static SearchFault? Unwritable(string text)
    {
        if (text.Length > CharactersMax)
        {
            return new SearchFault(CharactersMax + 1, $"more than {CharactersMax} characters");
        }

        for (var at = 0; at < text.Length; at++)
        {
            var isPair = char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]);
            if ((char.IsSurrogate(text[at]) && !isPair) || (char.IsControl(text[at]) && !char.IsWhiteSpace(text[at])))
            {
                return new SearchFault(at + 1, "a character that no text holds");
            }

            at += isPair ? 1 : 0;
        }

        return null;
    }

    private SearchFault? Read()
    {
        for (var at = 0; at < Text.Length;)
        {
            if (char.IsWhiteSpace(Text[at]))
            {
                at++;
                continue;
            }

            var isPhrase = Text[at] == '"';
            var end = isPhrase ? Text.IndexOf('"', at + 1) : EndOf(at);
            if (end < 0)
            {
                return new SearchFault(at + 1, "this quote is never closed");
            }

            if ((isPhrase ? Phrase(Text[(at + 1)..end], at) : Term(Text[at..end], at)) is { } fault)
            {
                return fault;
            }

            at = isPhrase ? end + 1 : end;
        }

        return exact.Exists(term => term.Length >= TermCharactersMin) ? null : new SearchFault(1, $"fewer than {TermCharactersMin} letters");
    }

    private int EndOf(int start)
    {
        var end = start;
        while (end < Text.Length && !char.IsWhiteSpace(Text[end]) && Text[end] != '"')
        {
            end++;
        }

        return end;
    }

    private SearchFault? Phrase(string phrase, int at)
    {
        if (string.IsNullOrWhiteSpace(phrase))
        {
            return new SearchFault(at + 1, "nothing stands in these quotes");
        }

        foreach (var piece in phrase.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            // A piece that no index has is compared with the phrase.
            _ = Index(piece, at);
        }

        exact.Add(phrase);
        return words.Count + code.Count + beginnings.Count > 0 ? null : new SearchFault(at + 1, "nothing in these quotes can be looked for");
    }

    private SearchFault? Term(string term, int at)
    {
        if (!term.Contains('*', StringComparison.Ordinal))
        {
            exact.Add(term);
            return Index(term, at);
        }

        var beginning = term[..^1];
        if (!term.EndsWith('*') || beginning.Length == 0 || !beginning.All(char.IsLetterOrDigit))
        {
            return new SearchFault(at + term.IndexOf('*', StringComparison.Ordinal) + 1, "a star stands only behind the beginning of a word");
        }

        exact.Add(beginning);
        if (beginning.Length >= TermCharactersMin)
        {
            // Half the words of a store begin with a letter; such a one is only compared.
            beginnings.Add(SearchTokens.Lower(beginning));
        }

        return null;
    }

    private static int Characters(ReadOnlySpan<char> token)
    {
        var count = 0;
        foreach (var _ in token.EnumerateRunes())
        {
            count++;
        }

        return count;
    }

    // Pieces share trigrams with half a store. Words that begin in a piece are words of what is found, whole or at least by their beginning.
    private void AddBounded(ReadOnlySpan<char> token)
    {
        for (var start = 1; start < token.Length; start++)
        {
            if (!char.IsLetterOrDigit(token[start]) || char.IsLetterOrDigit(token[start - 1]))
            {
                continue;
            }

            var end = start;
            while (end < token.Length && char.IsLetterOrDigit(token[end]))
            {
                end++;
            }

            // Where a word of other scripts ends, not every index agrees.
            if (end - start is >= TermCharactersMin and <= SearchTokens.WordCharactersMax && Ascii.IsValid(token[start..end]))
            {
                (end < token.Length ? words : beginnings).Add(SearchTokens.Lower(token[start..end]));
            }
        }
    }

    private SearchFault? Index(string term, int at)
    {
        var token = SearchTokens.Trim(term);
        var isCode = SearchTokens.IsCode(token);
        if (isCode && Characters(token) >= CodeCharactersMin)
        {
            code.Add(SearchTokens.Lower(token));
            AddBounded(token);
            return null;
        }

        var whole = SearchTokens.WordsOf(token);
        if (whole.Count != 1 || whole.First().Length != token.Length)
        {
            return new SearchFault(at + 1, $"neither a word nor {CodeCharactersMin} characters of code");
        }

        words.AddRange(whole);
        return null;
    }
}
