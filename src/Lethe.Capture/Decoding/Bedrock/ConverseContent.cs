using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>Messages and content blocks of the Converse API, the same in requests and replies: a block's kind is the name of its only member.</summary>
internal static class ConverseContent
{
    public static Message ReadMessage(JsonElement message, ReadOnlyMemory<byte> raw) => new(message.Text("role"u8) ?? "user", raw, ReadBlocks);

    /// <summary>The text of a list of blocks, one behind the other.</summary>
    private static string? Text(JsonElement block, ReadOnlySpan<byte> list)
    {
        List<string> pieces = [];
        foreach (var part in block.Items(list))
        {
            if (part.Text("text"u8) is { } piece)
            {
                pieces.Add(piece);
            }
        }

        return Texts.Join(pieces);
    }

    private static List<Block> ReadBlocks(ReadOnlyMemory<byte> raw)
    {
        using var document = JsonReading.TryParseAssembled(raw);
        List<Block> blocks = [];
        foreach (var block in document is null ? default : document.RootElement.Items("content"u8))
        {
            if (ReadBlock(block) is { } read)
            {
                blocks.Add(read);
            }
        }

        return blocks;
    }

    /// <summary>Null for a mark of the cache, and for a text without words.</summary>
    private static Block? ReadBlock(JsonElement block)
    {
        if (block.Text("text"u8) is { } text)
        {
            return text.Length == 0 ? null : new Block { Type = "text", Text = text };
        }

        if (block.ObjectMember("toolUse"u8) is { } use)
        {
            return new Block
            {
                Type = "tool_use",
                ToolUseId = use.Text("toolUseId"u8),
                ToolName = use.Text("name"u8),
                ToolInputJson = use.Member("input"u8)?.GetRawText(),
            };
        }

        if (block.ObjectMember("toolResult"u8) is { } result)
        {
            return ReadResult(result);
        }

        return block.Member("cachePoint"u8) is not null ? null
            : block.ObjectMember("reasoningContent"u8) is { } reasoning ? ReadReasoning(reasoning)
            : block.ObjectMember("citationsContent"u8) is { } cited && Text(cited, "content"u8) is { } words ? new Block { Type = "text", Text = words }
            : block.ObjectMember("image"u8) is { } image ? ReadImage(image)
            : new Block { Type = Kind(block), ContentJson = ContentJson.WriteBlock(block) };
    }

    private static Block ReadReasoning(JsonElement reasoning) => reasoning.ObjectMember("reasoningText"u8) is { } text
        ? new Block { Type = "thinking", Thinking = text.Text("text"u8), ThinkingSignature = text.Text("signature"u8) }
        : new Block { Type = "redacted_thinking", ContentJson = ContentJson.WriteBlock(reasoning) };

    private static Block ReadResult(JsonElement result)
    {
        List<string> output = [];
        foreach (var part in result.Items("content"u8))
        {
            if ((part.Text("text"u8) ?? part.Member("json"u8)?.GetRawText()) is { } piece)
            {
                output.Add(piece);
            }
        }

        return new Block
        {
            Type = "tool_result",
            ToolResultId = result.Text("toolUseId"u8),
            ToolOutput = output.Count == 0 ? null : string.Join('\n', output),
            IsError = result.Is("status"u8, "error"u8),
        };
    }

    private static Block ReadImage(JsonElement image) => image.ObjectMember("source"u8)?.Text("bytes"u8) is { } bytes
        ? new Block { Type = "image", ImageBase64 = bytes, MediaType = image.Text("format"u8) is { } format ? $"image/{format}" : null }
        : new Block { Type = "image", ContentJson = ContentJson.WriteBlock(image) };

    private static string Kind(JsonElement block)
    {
        foreach (var member in block.ValueKind == JsonValueKind.Object ? block.EnumerateObject() : default)
        {
            return member.Name;
        }

        return "unknown";
    }
}
