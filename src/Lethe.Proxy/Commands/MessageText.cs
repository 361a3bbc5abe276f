using System.Text.Json;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Commands;

/// <summary>A message's JSON, in whatever dialect and of whatever shape, as text for a person. Unknown kinds of content are named, never dropped.</summary>
internal static class MessageText
{
    private const int ToolTextMax = 2000;

    public static string Of(JsonElement message)
    {
        var parts = ((string[])["reasoning_content", "content", "parts", "tool_calls"])
            .Select(name => JsonWord.Member(message, name))
            .OfType<JsonElement>()
            .Where(content => content.ValueKind is not JsonValueKind.Null)
            .Select(Content)
            .ToList();
        return parts.Count > 0 ? string.Join('\n', parts.Where(part => part.Length > 0)) : Content(message);
    }

    private static string Content(JsonElement content) => content.ValueKind switch
    {
        JsonValueKind.String => JsonWord.Text(content),
        JsonValueKind.Array => string.Join('\n', content.EnumerateArray().Select(Content)),
        JsonValueKind.Object => Block(content),
        JsonValueKind.Undefined => "",
        _ => content.GetRawText(),
    };

    private static string Block(JsonElement block)
    {
        var type = JsonWord.Of(block, "type") ?? "";
        return type switch
        {
            "tool_use" or "server_tool_use" or "function_call" or "custom_tool_call" =>
                $"→ {JsonWord.Of(block, "name")} {Cut(Raw(block, "input") ?? Raw(block, "arguments") ?? "")}",
            "function" when JsonWord.Member(block, "function") is { ValueKind: JsonValueKind.Object } function => $"→ {JsonWord.Of(function, "name")} {Cut(Raw(function, "arguments") ?? "")}",
            "tool_result" => "← " + Cut(JsonWord.Member(block, "content") is { } result ? Content(result) : ""),
            "function_call_output" or "custom_tool_call_output" => "← " + Cut(JsonWord.Member(block, "output") is { } output ? Content(output) : ""),
            "thinking" => "(thinking) " + JsonWord.Of(block, "thinking"),
            _ => JsonWord.Of(block, "text") ?? Nested(block) ?? $"[{(type.Length > 0 ? type : "json")}] {Cut(block.GetRawText())}",
        };
    }

    private static string? Nested(JsonElement block) =>
        JsonWord.Member(block, "content") is { ValueKind: JsonValueKind.Array or JsonValueKind.String } content ? Content(content) : null;

    private static string? Raw(JsonElement element, string name) => JsonWord.Of(element, name) ?? JsonWord.Member(element, name)?.GetRawText();

    private static string Cut(string text) => text.Length <= ToolTextMax ? text : text[..ToolTextMax] + "…";
}
