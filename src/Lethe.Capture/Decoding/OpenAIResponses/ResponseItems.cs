using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>
/// Items of the Responses API, the same in input and output: one message each. Server-made ids, statuses and encrypted content
/// are left out of the blocks' content, so that an item a client sends back is the item it was given.
/// </summary>
internal static class ResponseItems
{
    public static Message ReadItem(JsonElement item, ReadOnlyMemory<byte> raw)
    {
        var type = item.Text("type"u8) ?? "message";
        return new Message(IsOutput(type) ? "tool" : item.Text("role"u8) ?? (type == "message" ? "user" : "assistant"), raw, ReadBlocks);
    }

    private static List<Block> ReadBlocks(ReadOnlyMemory<byte> raw)
    {
        using var document = JsonReading.TryParse(raw);
        if (document?.RootElement is not { } item)
        {
            return [];
        }

        var type = item.Text("type"u8) ?? "message";
        return type == "message" ? ReadParts(item.Member("content"u8))
            : IsOutput(type) && IsAnswer(type, item) ? [ReadResult(item)]
            : [ReadBlock(type, item)];
    }

    /// <summary>The call that an item asks the client to make; null for any other item.</summary>
    private static ToolCall? ReadCall(JsonElement item)
    {
        var id = item.Word("call_id"u8) ?? item.Word("id"u8);
        return item.Text("type"u8) switch
        {
            "function_call" => new ToolCall(id, item.Text("name"u8) ?? "", ToolArguments.FromValue(item.Member("arguments"u8))),
            "custom_tool_call" => new ToolCall(id, item.Text("name"u8) ?? "", ToolArguments.Quote(item.Text("input"u8) ?? "")),
            "local_shell_call" or "shell_call" or "computer_call" => new ToolCall(id, ToolName(item), ToolArguments.FromValue(item.Member("action"u8) ?? item.Member("actions"u8))),
            "tool_search_call" when item.Is("execution"u8, "client"u8) => new ToolCall(id, ToolName(item), ToolArguments.FromValue(item.Member("arguments"u8))),
            "apply_patch_call" => new ToolCall(id, ToolName(item), ToolArguments.FromValue(item.Member("operation"u8))),
            _ => null,
        };
    }

    /// <summary>A reasoning item's own words: its summary, else its content.</summary>
    private static string? Reasoning(JsonElement item) =>
        item.Is("type"u8, "reasoning"u8) ? JoinTexts(item, "summary"u8) ?? JoinTexts(item, "content"u8) : null;

    private static bool IsOutput(string type) => type.EndsWith("_output", StringComparison.Ordinal) || type == "mcp_approval_response";

    // What the vendor ran itself answers no call of the client's; an approval says yes or no.
    private static bool IsAnswer(string type, JsonElement item) =>
        type != "mcp_approval_response" && (type != "tool_search_output" || item.Member("call_id"u8) is not null);

    private static string ToolName(JsonElement item) => item.Text("type"u8)!.Replace("_call", "", StringComparison.Ordinal);

    private static List<Block> ReadParts(JsonElement? content)
    {
        List<Block> blocks = [];
        if (content is { ValueKind: JsonValueKind.String } text)
        {
            if (text.GetString() is { Length: > 0 } words)
            {
                blocks.Add(new Block { Type = "text", Text = words });
            }
        }
        else if (content is { ValueKind: JsonValueKind.Array } parts)
        {
            foreach (var part in parts.EnumerateArray())
            {
                if (ReadPart(part) is not { Type: "text", Text: "" } and { } block)
                {
                    blocks.Add(block);
                }
            }
        }

        return blocks;
    }

    private static Block ReadPart(JsonElement part)
    {
        var type = part.Text("type"u8) ?? "unknown";
        return type switch
        {
            "input_text" or "output_text" or "text" or "summary_text" => new Block { Type = "text", Text = part.Text("text"u8) },
            "refusal" => new Block { Type = type, Text = part.Text("refusal"u8) },
            "input_image" when part.Text("image_url"u8) is { } url => ImageUrls.Read(url),
            _ => new Block { Type = type, ContentJson = ContentJson.WriteBlock(part, "id", "status") },
        };
    }

    private static Block ReadResult(JsonElement item) => new()
    {
        Type = "tool_result",
        ToolResultId = item.Text("call_id"u8) ?? item.Text("id"u8),
        ToolOutput = (item.Member("output"u8) ?? item.Member("tools"u8)) switch
        {
            { ValueKind: JsonValueKind.Object } output => output.GetRawText(),
            { ValueKind: JsonValueKind.Array } output when output.GetArrayLength() > 0 && !output.EnumerateArray().Any(IsPart) => output.GetRawText(),
            var output => Texts.Flatten(output),
        },
    };

    // A shell's outputs have no type; the parts of a content have one.
    private static bool IsPart(JsonElement element) => element.Text("type"u8) is "input_text" or "output_text" or "text" or "input_image" or "input_file" || element.ValueKind == JsonValueKind.String;

    private static Block ReadBlock(string type, JsonElement item)
    {
        if (ReadCall(item) is { } call)
        {
            return new Block { Type = "tool_use", ToolUseId = call.Id, ToolName = call.Name, ToolInputJson = call.ArgumentsJson };
        }

        return type == "reasoning"
            ? new Block { Type = "thinking", Thinking = Reasoning(item) ?? "", ThinkingSignature = item.Text("encrypted_content"u8) }
            : new Block
            {
                Type = type,
                ContentJson = type switch
                {
                    "item_reference" => ContentJson.WriteBlock(item),
                    // Its id is what the answer names.
                    "mcp_approval_request" => ContentJson.WriteBlock(item, "status", "encrypted_content"),
                    // It is nothing else, and comes back unchanged.
                    "compaction" => ContentJson.WriteBlock(item, "id", "status"),
                    _ => ContentJson.WriteBlock(item, "id", "status", "encrypted_content"),
                },
            };
    }

    private static string? JoinTexts(JsonElement item, ReadOnlySpan<byte> list)
    {
        StringBuilder? text = null;
        foreach (var part in item.Items(list))
        {
            if (part.Text("text"u8) is { } piece)
            {
                text = text is null ? new StringBuilder(piece) : text.Append('\n').Append(piece);
            }
        }

        return text?.ToString();
    }
}
