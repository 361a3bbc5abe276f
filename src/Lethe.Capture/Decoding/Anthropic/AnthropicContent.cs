using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Anthropic;

/// <summary>Messages and content blocks of the Anthropic Messages API, the same in requests and replies.</summary>
internal static class AnthropicContent
{
    public static Message ReadMessage(JsonElement message, ReadOnlyMemory<byte> raw) =>
        new(message.Text("role"u8) ?? "user", raw, ReadBlocks);

    private static List<Block> ReadBlocks(ReadOnlyMemory<byte> raw)
    {
        using var document = JsonReading.TryParseAssembled(raw);
        return document is null ? [] : ReadBlocks(document.RootElement.Member("content"u8));
    }

    /// <summary>A string is one text block.</summary>
    private static List<Block> ReadBlocks(JsonElement? content)
    {
        List<Block> blocks = [];
        if (content is { ValueKind: JsonValueKind.String } text)
        {
            if (text.GetString() is { Length: > 0 } words)
            {
                blocks.Add(new Block { Type = "text", Text = words });
            }
        }
        else if (content is { ValueKind: JsonValueKind.Array } list)
        {
            foreach (var block in list.EnumerateArray())
            {
                // A stream may open a text block and never fill it; clients do not send it back, and the API would refuse it.
                if (!block.Is("type"u8, "text"u8) || !block.Is("text"u8, ""u8))
                {
                    blocks.Add(ReadBlock(block));
                }
            }
        }

        return blocks;
    }

    private static Block ReadBlock(JsonElement block)
    {
        var type = block.Text("type"u8) ?? "unknown";
        return type switch
        {
            "text" => new Block { Type = type, Text = block.Text("text"u8) },
            "thinking" => new Block { Type = type, Thinking = block.Text("thinking"u8), ThinkingSignature = block.Text("signature"u8) },
            "tool_use" => new Block
            {
                Type = type,
                ToolUseId = block.Text("id"u8),
                ToolName = block.Text("name"u8),
                ToolInputJson = block.Member("input"u8)?.GetRawText(),
            },
            "tool_result" => new Block
            {
                Type = type,
                ToolResultId = block.Text("tool_use_id"u8),
                ToolOutput = Texts.Flatten(block.Member("content"u8)),
                IsError = block.IsTrue("is_error"u8),
            },
            "image" => ReadImage(block),
            _ => new Block { Type = type, ContentJson = ContentJson.WriteBlock(block) },
        };
    }

    private static Block ReadImage(JsonElement block)
    {
        var source = block.ObjectMember("source"u8);
        return source.Text("type"u8) switch
        {
            "base64" => new Block { Type = "image", ImageBase64 = source.Text("data"u8), MediaType = source.Text("media_type"u8) },
            "url" => new Block { Type = "image", ImageUrl = source.Text("url"u8) },
            _ => new Block { Type = "image", ContentJson = ContentJson.WriteBlock(block) },
        };
    }
}
