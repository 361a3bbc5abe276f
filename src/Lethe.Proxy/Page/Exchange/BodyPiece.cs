namespace Lethe.Proxy.Page.Exchange;

/// <summary>A piece of a long body that is drawn when it comes near.</summary>
/// <param name="From">Its first byte, of those after the content coding was undone.</param>
/// <param name="Lines">How many lines it takes on a page, about.</param>
public sealed record BodyPiece(int From, int Lines)
{
    public const int BytesMax = 64 * 1024;

    private const int LineCharacters = 150;

    /// <summary>All pieces from a place to the end.</summary>
    internal static IReadOnlyList<BodyPiece> Behind(ReadOnlySpan<byte> text, int from)
    {
        var pieces = new List<BodyPiece>();
        while (from < text.Length)
        {
            var end = BodyView.Cut(text, from + (long)BytesMax);
            pieces.Add(new BodyPiece(from, LinesOf(text[from..end])));
            from = end;
        }

        return pieces;
    }

    private static int LinesOf(ReadOnlySpan<byte> text)
    {
        var lines = 0;
        foreach (var line in text.Split((byte)'\n'))
        {
            lines += 1 + ((line.End.Value - line.Start.Value) / LineCharacters);
        }

        return lines;
    }
}
