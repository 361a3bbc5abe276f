using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Ollama;

/// <summary>Messages of the chat API, the same in requests and replies. Thoughts are no block: few clients send them back, and not whole.</summary>
internal static class OllamaContent
{
    public static Message ReadMessage(JsonElement message, ReadOnlyMemory<byte> raw) => new(message.Text("role"u8) ?? "user", raw, ReadBlocks);

    /// <summary>Images stand beside the text, in base64 and without a type.</summary>
    public static void AddImages(List<Block> blocks, JsonElement message)
    {
        foreach (var image in message.Items("images"u8))
        {
            if (image.ValueKind == JsonValueKind.String)
            {
                blocks.Add(new Block { Type = "image", ImageBase64 = image.GetString() });
            }
        }
    }

    private static List<Block> ReadBlocks(ReadOnlyMemory<byte> raw)
    {
        using var document = JsonReading.TryParseAssembled(raw);
        return document is null ? [] : ReadBlocks(document.RootElement);
    }

    private static List<Block> ReadBlocks(JsonElement message)
    {
        var text = message.Text("content"u8);
        if (message.Is("role"u8, "tool"u8))
        {
            // Older versions told a result by the tool's name, or by its place alone.
            return [new Block { Type = "tool_result", ToolResultId = message.Word("tool_call_id"u8) ?? message.Word("tool_name"u8), ToolOutput = text }];
        }

        List<Block> blocks = [];
        if (text is { Length: > 0 })
        {
            blocks.Add(new Block { Type = "text", Text = text });
        }

        AddImages(blocks, message);
        foreach (var call in message.Items("tool_calls"u8))
        {
            if (call.ObjectMember("function"u8) is { } function)
            {
                blocks.Add(new Block
                {
                    Type = "tool_use",
                    ToolUseId = call.Word("id"u8),
                    ToolName = function.Text("name"u8),
                    ToolInputJson = ToolArguments.FromValue(function.Member("arguments"u8)),
                });
            }
        }

        return blocks;
    }
}
