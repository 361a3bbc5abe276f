using DiffPlex;
using DiffPlex.Chunkers;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;

namespace Lethe.Proxy.Page.Captured;

/// <summary>What became of a line between two texts.</summary>
public enum ChangeKind
{
    Same,
    Gone,
    New,
    Left,
}

/// <summary>A line of two texts side by side.</summary>
/// <param name="Words">Its text in stretches, each with whether it is what the line's other side has not.</param>
/// <param name="Left">Lines left out here, for they are the same.</param>
public sealed record ChangedLine(ChangeKind Kind, IReadOnlyList<(string Text, bool IsChanged)> Words, int Left = 0)
{
    /// <summary>A longer text is compared by its beginning.</summary>
    public const int CharactersMax = 100_000;

    /// <summary>Equal lines shown before and behind a change.</summary>
    private const int AroundLines = 3;

    private static readonly char[] WordEnds = [.. " \t\r.,;:!?()[]{}<>\"'`/\\=+-*&|#"];

    // Lines that are compared word by word are no longer.
    private const int LineCharactersMax = 4_000;

    /// <summary>Line by line, and word by word within lines that changed. Where one side is missing, all of the other is new or gone.</summary>
    public static IReadOnlyList<ChangedLine> Of(string? before, string? now)
    {
        if (before is null || now is null)
        {
            var kind = before is null ? ChangeKind.New : ChangeKind.Gone;
            return [.. Cut(before ?? now ?? "").Split('\n').Select(line => new ChangedLine(kind, [(line, false)]))];
        }

        var difference = new SideBySideDiffBuilder(Differ.Instance, new LineChunker(), new DelimiterChunker(WordEnds)).BuildDiffModel(Cut(before), Cut(now), ignoreWhitespace: false, ignoreCase: false);
        var lines = new List<ChangedLine>();
        var (gone, fresh) = (new List<ChangedLine>(), new List<ChangedLine>());
        for (var at = 0; at < difference.NewText.Lines.Count; at++)
        {
            var (old, here) = (difference.OldText.Lines[at], difference.NewText.Lines[at]);
            if (here.Type == ChangeType.Unchanged)
            {
                lines.AddRange([.. gone, .. fresh, new ChangedLine(ChangeKind.Same, [(here.Text ?? "", false)])]);
                gone.Clear();
                fresh.Clear();
                continue;
            }

            Add(gone, old, ChangeKind.Gone);
            Add(fresh, here, ChangeKind.New);
        }

        return Folded([.. lines, .. gone, .. fresh]);
    }

    /// <summary>The same as two columns: what is gone beside what came in its place, and nothing beside the rest.</summary>
    public static IReadOnlyList<(ChangedLine? Before, ChangedLine? Now)> Beside(IReadOnlyList<ChangedLine> lines)
    {
        var rows = new List<(ChangedLine? Before, ChangedLine? Now)>();
        for (var at = 0; at < lines.Count;)
        {
            var gone = lines.Skip(at).TakeWhile(line => line.Kind == ChangeKind.Gone).ToList();
            var fresh = lines.Skip(at + gone.Count).TakeWhile(line => line.Kind == ChangeKind.New).ToList();
            rows.AddRange(Enumerable.Range(0, Math.Max(gone.Count, fresh.Count)).Select(row => (gone.ElementAtOrDefault(row), fresh.ElementAtOrDefault(row))));
            at += gone.Count + fresh.Count;
            if (gone.Count + fresh.Count == 0)
            {
                rows.Add((lines[at], lines[at]));
                at++;
            }
        }

        return rows;
    }

    private static void Add(List<ChangedLine> lines, DiffPiece line, ChangeKind kind)
    {
        if (line.Type == ChangeType.Imaginary)
        {
            return;
        }

        var isByWord = line.Type == ChangeType.Modified && line.SubPieces.Count > 0 && (line.Text?.Length ?? 0) <= LineCharactersMax;
        lines.Add(new ChangedLine(kind, isByWord ? Stretches(line.SubPieces) : [(line.Text ?? "", false)]));
    }

    private static List<(string Text, bool IsChanged)> Stretches(List<DiffPiece> words)
    {
        var stretches = new List<(string Text, bool IsChanged)>();
        foreach (var word in words.Where(word => word.Text is not null))
        {
            var isChanged = word.Type != ChangeType.Unchanged;
            if (stretches.Count > 0 && stretches[^1].IsChanged == isChanged)
            {
                stretches[^1] = (stretches[^1].Text + word.Text, isChanged);
            }
            else
            {
                stretches.Add((word.Text, isChanged));
            }
        }

        return stretches;
    }

    private static List<ChangedLine> Folded(List<ChangedLine> lines)
    {
        var folded = new List<ChangedLine>();
        for (var at = 0; at < lines.Count; at++)
        {
            var end = at;
            while (end < lines.Count && lines[end].Kind == ChangeKind.Same)
            {
                end++;
            }

            var (head, tail) = (at == 0 ? 0 : AroundLines, end == lines.Count ? 0 : AroundLines);
            if (end - at > head + tail + 1)
            {
                folded.AddRange(lines.GetRange(at, head));
                folded.Add(new ChangedLine(ChangeKind.Left, [], end - at - head - tail));
                folded.AddRange(lines.GetRange(end - tail, tail));
                at = end - 1;
            }
            else
            {
                folded.Add(lines[at]);
            }
        }

        return folded;
    }

    private static string Cut(string text) => text.Length <= CharactersMax ? text : text[..CharactersMax];
}
