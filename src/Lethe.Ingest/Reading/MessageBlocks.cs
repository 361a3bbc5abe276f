using System.Text.Json;

namespace Lethe.Ingest.Reading;

/// <summary>A message's JSON, of whatever dialect and shape, as blocks. What is not known is named and kept, never dropped.</summary>
public static class MessageBlocks
{
    private const int DepthMax = 8;

    public static IReadOnlyList<Block> Of(JsonElement message)
    {
        var blocks = new List<Block>();
        if (IsItem(message))
        {
            AddObject(blocks, message, DepthMax);
            return blocks;
        }

        if ((JsonWord.Of(message, "reasoning_content") ?? JsonWord.Of(message, "reasoning")) is { Length: > 0 } thought)
        {
            blocks.Add(new ThoughtBlock(thought));
        }

        var content = JsonWord.Member(message, "content") ?? JsonWord.Member(message, "parts");
        if (JsonWord.Of(message, "tool_call_id") is { } answered)
        {
            blocks.Add(new ToolResultBlock(answered, TextOf(content), null));
            return blocks;
        }

        if (content is { } said)
        {
            Add(blocks, said, DepthMax);
        }

        if (JsonWord.Member(message, "tool_calls") is { ValueKind: JsonValueKind.Array } calls)
        {
            Add(blocks, calls, DepthMax);
        }

        if (content is null && blocks.Count == 0)
        {
            Add(blocks, message, DepthMax);
        }

        return blocks;
    }

    /// <summary>All that a person would read of it, as one text.</summary>
    public static string TextOf(JsonElement? content)
    {
        if (content is not { } some)
        {
            return "";
        }

        var blocks = new List<Block>();
        Add(blocks, some, DepthMax);
        return string.Join('\n', blocks.Select(Plain).Where(text => text.Length > 0));
    }

    private static string Plain(Block block) => block switch
    {
        SaidBlock said => said.Text,
        ThoughtBlock => "",
        ToolUseBlock use => $"{use.Name} {use.Arguments}",
        ToolResultBlock result => result.Text,
        MediaBlock media => $"[{media.Kind} {media.MediaType}]",
        OtherBlock other => other.Json,
        _ => "",
    };

    // An item of the Responses API is a message by itself.
    private static bool IsItem(JsonElement message) =>
        JsonWord.Of(message, "type") is { } type and not "message" && !type.EndsWith("_message", StringComparison.Ordinal);

    private static void Add(List<Block> blocks, JsonElement content, int depth)
    {
        switch (content.ValueKind)
        {
            case JsonValueKind.String when JsonWord.Text(content) is { Length: > 0 } text:
                blocks.Add(new SaidBlock(text));
                break;
            case JsonValueKind.Array when depth > 0:
                foreach (var part in content.EnumerateArray())
                {
                    Add(blocks, part, depth - 1);
                }

                break;
            case JsonValueKind.Object when depth > 0:
                AddObject(blocks, content, depth - 1);
                break;
            case JsonValueKind.Null or JsonValueKind.Undefined or JsonValueKind.String:
                break;
            default:
                blocks.Add(new OtherBlock("json", content.GetRawText()));
                break;
        }
    }

    private static void AddObject(List<Block> blocks, JsonElement block, int depth)
    {
        var type = JsonWord.Of(block, "type");
        switch (type)
        {
            case "tool_use" or "server_tool_use" or "mcp_tool_use" or "function_call" or "custom_tool_call":
                blocks.Add(new ToolUseBlock(JsonWord.Of(block, "call_id") ?? JsonWord.Of(block, "id"), JsonWord.Of(block, "name") ?? "tool", Raw(block, "input") ?? Raw(block, "arguments") ?? ""));
                return;
            case "tool_result":
                blocks.Add(new ToolResultBlock(JsonWord.Of(block, "tool_use_id"), TextOf(JsonWord.Member(block, "content")), IsTrue(block, "is_error")));
                return;
            case "function_call_output" or "custom_tool_call_output":
                blocks.Add(new ToolResultBlock(JsonWord.Of(block, "call_id"), TextOf(JsonWord.Member(block, "output")), null));
                return;
            case "thinking" or "redacted_thinking":
                blocks.Add(new ThoughtBlock(JsonWord.Of(block, "thinking") ?? ""));
                return;
            case "reasoning":
                blocks.Add(new ThoughtBlock(TextOf(JsonWord.Member(block, "summary"))));
                return;
            case "image" or "image_url" or "input_image" or "document" or "input_file" or "input_audio":
                blocks.Add(Media(type, block));
                return;
        }

        if (!TryNested(blocks, block, depth))
        {
            blocks.Add(new OtherBlock(type ?? "json", block.GetRawText()));
        }
    }

    // Where a vendor marks a part by the name of its member and not by a type.
    private static bool TryNested(List<Block> blocks, JsonElement block, int depth)
    {
        if (JsonWord.Of(block, "text") is { } text)
        {
            blocks.Add(JsonWord.Member(block, "thought") is { ValueKind: JsonValueKind.True } ? new ThoughtBlock(text) : new SaidBlock(text));
        }
        else if (JsonWord.Of(block, "refusal") is { } refusal)
        {
            blocks.Add(new SaidBlock(refusal));
        }
        else if (Inner(block, "function") is { } function)
        {
            blocks.Add(new ToolUseBlock(JsonWord.Of(block, "id"), JsonWord.Of(function, "name") ?? "tool", Raw(function, "arguments") ?? ""));
        }
        else if (Inner(block, "functionCall") is { } call)
        {
            blocks.Add(new ToolUseBlock(JsonWord.Of(call, "id"), JsonWord.Of(call, "name") ?? "tool", Raw(call, "args") ?? ""));
        }
        else if (Inner(block, "toolUse") is { } use)
        {
            blocks.Add(new ToolUseBlock(JsonWord.Of(use, "toolUseId"), JsonWord.Of(use, "name") ?? "tool", Raw(use, "input") ?? ""));
        }
        else if (Inner(block, "functionResponse") is { } response)
        {
            blocks.Add(new ToolResultBlock(JsonWord.Of(response, "id"), Raw(response, "response") ?? "", null));
        }
        else if (Inner(block, "toolResult") is { } result)
        {
            blocks.Add(new ToolResultBlock(JsonWord.Of(result, "toolUseId"), TextOf(JsonWord.Member(result, "content")), JsonWord.Of(result, "status") == "error"));
        }
        else if (Inner(block, "inlineData") is { } data)
        {
            blocks.Add(new MediaBlock("image", JsonWord.Of(data, "mimeType"), JsonWord.Of(data, "data")?.Length ?? 0));
        }
        else if ((JsonWord.Member(block, "content") ?? JsonWord.Member(block, "parts")) is { ValueKind: JsonValueKind.Array or JsonValueKind.String } content)
        {
            Add(blocks, content, depth);
        }
        else
        {
            return false;
        }

        return true;
    }

    private static MediaBlock Media(string kind, JsonElement block)
    {
        var source = Inner(block, "source") ?? block;
        return new MediaBlock(kind, JsonWord.Of(source, "media_type"), (JsonWord.Of(source, "data") ?? JsonWord.Of(source, "image_url") ?? JsonWord.Of(source, "file_data"))?.Length ?? 0);
    }

    private static JsonElement? Inner(JsonElement block, string name) => JsonWord.Member(block, name) is { ValueKind: JsonValueKind.Object } inner ? inner : null;

    private static bool? IsTrue(JsonElement block, string name) => JsonWord.Member(block, name)?.ValueKind == JsonValueKind.True;

    private static string? Raw(JsonElement element, string name) => JsonWord.Of(element, name) ?? JsonWord.Member(element, name)?.GetRawText();
}
