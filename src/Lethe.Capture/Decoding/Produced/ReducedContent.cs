using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Produced;

/// <summary>Messages in the tapes project's own shape: blocks with the fields that node hashes are taken over.</summary>
internal static class ReducedContent
{
    public static Message ReadMessage(JsonElement message, ReadOnlyMemory<byte> source) =>
        new(message.Word("role"u8) ?? "assistant", message.Slice(source), ReadBlocks);

    private static List<Block> ReadBlocks(ReadOnlyMemory<byte> raw)
    {
        using var document = JsonReading.TryParseAssembled(raw);
        List<Block> blocks = [];
        if (document?.RootElement.Text("content"u8) is { Length: > 0 } words)
        {
            blocks.Add(new Block { Type = "text", Text = words });
        }
        else if (document is not null)
        {
            foreach (var block in document.RootElement.Items("content"u8))
            {
                blocks.Add(ReadBlock(block));
            }
        }

        return blocks;
    }

    private static Block ReadBlock(JsonElement block) => new()
    {
        Type = block.Text("type"u8) ?? "unknown",
        Text = block.Text("text"u8),
        ImageUrl = block.Text("image_url"u8),
        ImageBase64 = block.Text("image_base64"u8),
        MediaType = block.Text("media_type"u8),
        ToolUseId = block.Text("tool_use_id"u8),
        ToolName = block.Text("tool_name"u8),
        ToolInputJson = block.Member("tool_input"u8)?.GetRawText(),
        ToolResultId = block.Text("tool_result_id"u8),
        ToolOutput = block.Text("tool_output"u8),
        IsError = block.IsTrue("is_error"u8),
        Thinking = block.Text("thinking"u8),
        ThinkingSignature = block.Text("thinking_signature"u8),
        ContentJson = block.Member("content"u8)?.GetRawText(),
    };
}
