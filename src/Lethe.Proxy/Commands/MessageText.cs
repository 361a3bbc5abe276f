using System.Text.Json;

namespace Lethe.Proxy.Commands;

/// <summary>A message's JSON, in whatever dialect, as text for a person. Unknown kinds of content are named, never dropped.</summary>
internal static class MessageText
{
    private const int ToolTextMax = 2000;

    public static string Of(JsonElement message)
    {
        if (message.ValueKind == JsonValueKind.Object)
        {
            var parts = new List<string>();
            foreach (var name in (string[])["reasoning_content", "content", "parts", "tool_calls"])
            {
                if (message.TryGetProperty(name, out var content) && content.ValueKind is not JsonValueKind.Null)
                {
                    parts.Add(Content(content));
                }
            }

            if (parts.Count > 0)
            {
                return string.Join('\n', parts.Where(part => part.Length > 0));
            }
        }

        return Content(message);
    }

    private static string Content(JsonElement content) => content.ValueKind switch
    {
        JsonValueKind.String => content.GetString()!,
        JsonValueKind.Array => string.Join('\n', content.EnumerateArray().Select(Content)),
        JsonValueKind.Object => Block(content),
        _ => content.GetRawText(),
    };

    private static string Block(JsonElement block)
    {
        var type = Word(block, "type") ?? "";
        return type switch
        {
            "tool_use" or "server_tool_use" or "function_call" or "custom_tool_call" =>
                $"→ {Word(block, "name")} {Cut(Raw(block, "input") ?? Raw(block, "arguments") ?? "")}",
            "function" when block.TryGetProperty("function", out var function) => $"→ {Word(function, "name")} {Cut(Raw(function, "arguments") ?? "")}",
            "tool_result" => "← " + Cut(block.TryGetProperty("content", out var result) ? Content(result) : ""),
            "function_call_output" or "custom_tool_call_output" => "← " + Cut(block.TryGetProperty("output", out var output) ? Content(output) : ""),
            "thinking" => "(thinking) " + Word(block, "thinking"),
            _ => Word(block, "text") ?? Nested(block) ?? $"[{(type.Length > 0 ? type : "json")}] {Cut(block.GetRawText())}",
        };
    }

    private static string? Nested(JsonElement block) =>
        block.TryGetProperty("content", out var content) && content.ValueKind is JsonValueKind.Array or JsonValueKind.String ? Content(content) : null;

    private static string? Word(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? Raw(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? (value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText()) : null;

    private static string Cut(string text) => text.Length <= ToolTextMax ? text : text[..ToolTextMax] + "…";
}
