using System.Text;
using System.Text.Json;

namespace Lethe.Capture.Decoding.Json;

/// <summary>Texts put behind one another.</summary>
internal static class Texts
{
    /// <summary>Null when there is none. A single one is given back as it is, for replies can be long.</summary>
    public static string? Join(List<string> pieces) => pieces.Count switch
    {
        0 => null,
        1 => pieces[0],
        _ => string.Concat(pieces),
    };

    /// <summary>
    /// True for a last piece that is all of the text once more: some servers send the whole message behind its deltas. A text of two equal halves is told in two
    /// pieces, and short ones prove nothing.
    /// </summary>
    /// <param name="pieces">How many pieces <paramref name="text"/> came in.</param>
    public static bool IsSaidAgain(StringBuilder text, int pieces, string? piece)
    {
        const int CharsMin = 4;
        const int PiecesMin = 2;
        return piece is { Length: >= CharsMin } && pieces >= PiecesMin && text.Equals(piece);
    }

    /// <summary>Text parts joined by LF; other parts of a tool's result have no text.</summary>
    public static string? Flatten(JsonElement? content)
    {
        if (content is not { ValueKind: JsonValueKind.Array } list)
        {
            return content.Text();
        }

        StringBuilder? flat = null;
        foreach (var part in list.EnumerateArray())
        {
            if (part.Text("text"u8) is { } text)
            {
                flat = flat is null ? new StringBuilder(text) : flat.Append('\n').Append(text);
            }
        }

        return flat?.ToString();
    }
}
