using System.Text.Json;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Commands;

/// <summary>A message's JSON, in whatever dialect and of whatever shape, as text for a person. Unknown kinds of content are named, never dropped.</summary>
internal static class MessageText
{
    private const int ToolTextMax = 2000;

    public static string Of(JsonElement message) => string.Join('\n', MessageBlocks.Of(message).Select(Line).Where(line => line.Length > 0));

    private static string Line(Block block) => block switch
    {
        SaidBlock said => said.Text,
        ThoughtBlock { Text.Length: > 0 } thought => "(thinking) " + thought.Text,
        ThoughtBlock => "(thinking)",
        ToolUseBlock use => $"→ {use.Name} {Cut(use.Arguments)}",
        ToolResultBlock result => "← " + Cut(result.Text),
        MediaBlock media => $"[{media.Kind}{(media.MediaType is { } type ? " " + type : "")}, {(media.Characters > 0 ? $"{media.Characters} characters of base64" : "by its address")}]",
        OtherBlock other => $"[{other.Kind}] {Cut(other.Json)}",
        _ => "",
    };

    private static string Cut(string text) => text.Length <= ToolTextMax ? text : text[..ToolTextMax] + "…";
}
