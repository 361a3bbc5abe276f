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
