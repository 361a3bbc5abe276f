namespace Lethe.Ingest.Reading;

/// <summary>A line of a text, around the first of what was looked for.</summary>
internal static class Snippet
{
    private const int CharactersBefore = 60;
    private const int CharactersMax = 220;

    /// <summary>Empty when none of the terms stands in it.</summary>
    public static IReadOnlyList<SnippetRun> Of(string text, IReadOnlyList<string> terms)
    {
        var first = terms.Select(term => text.IndexOf(term, StringComparison.OrdinalIgnoreCase)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        if (first < 0)
        {
            return [];
        }

        var start = Whole(text, Math.Max(0, first - CharactersBefore));
        var end = Whole(text, Math.Min(text.Length, start + CharactersMax));
        var runs = new List<SnippetRun>();
        Add(runs, start > 0 ? "…" : "", isHit: false);
        for (var at = start; at < end;)
        {
            var (next, length) = Next(text, terms, at, end);
            Add(runs, text[at..next], isHit: false);
            Add(runs, text[next..(next + length)], isHit: true);
            at = next + length;
        }

        Add(runs, end < text.Length ? "…" : "", isHit: false);
        return runs;
    }

    // The longest of those that stand first.
    private static (int At, int Length) Next(string text, IReadOnlyList<string> terms, int from, int end)
    {
        var (best, length) = (end, 0);
        foreach (var term in terms)
        {
            var at = text.IndexOf(term, from, end - from, StringComparison.OrdinalIgnoreCase);
            if (at >= 0 && (at < best || (at == best && term.Length > length)))
            {
                (best, length) = (at, term.Length);
            }
        }

        return (best, length);
    }

    private static void Add(List<SnippetRun> runs, string text, bool isHit)
    {
        if (text.Length > 0)
        {
            runs.Add(new SnippetRun(text.ReplaceLineEndings(" "), isHit));
        }
    }

    // Not in the middle of a character.
    private static int Whole(string text, int at) => at > 0 && at < text.Length && char.IsLowSurrogate(text[at]) ? at - 1 : at;
}
