using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.GeminiInteractions;

/// <summary>Steps of a conversation, the same in input and answer: one message each. What stands alone in the input (a text, a picture) is the user's.</summary>
internal static class InteractionSteps
{
    public static Message Read(JsonElement step, ReadOnlyMemory<byte> raw) => new(RoleOf(step), raw, ReadBlocks);

    /// <summary>True for a piece of content, which is no step by itself.</summary>
    public static bool IsContent(string? type) => type is "text" or "image" or "audio" or "document" or "video";

    private static string RoleOf(JsonElement step) => step.Text("type"u8) switch
    {
        null => step.Text("role"u8) is { } role ? role == "model" ? "assistant" : role : "user",
        "user_input" => "user",
        "function_result" => "tool",
        var type => IsContent(type) ? "user" : "assistant",
    };

    private static List<Block> ReadBlocks(ReadOnlyMemory<byte> raw)
    {
        using var document = JsonReading.TryParseAssembled(raw);
        if (document?.RootElement is not { } step)
        {
            return [];
        }

        return step.Text("type"u8) switch
        {
            _ when step.ValueKind == JsonValueKind.String => ReadContent(step),
            null or "user_input" or "model_output" => ReadContent(step.Member("content"u8)),
            "thought" => [new Block { Type = "thinking", Thinking = Texts.Flatten(step.Member("summary"u8)) ?? "", ThinkingSignature = step.Text("signature"u8) }],
            "function_call" => [ReadCall(step)],
            "function_result" => [ReadResult(step)],
            var type when IsContent(type) => [ReadPart(step)],
            var type => [new Block { Type = type, ContentJson = ContentJson.WriteBlock(step, "signature") }],
        };
    }

    private static List<Block> ReadContent(JsonElement? content) => content switch
    {
        { ValueKind: JsonValueKind.String } text => [new Block { Type = "text", Text = text.GetString() }],
        { ValueKind: JsonValueKind.Object } only => [ReadPart(only)],
        { ValueKind: JsonValueKind.Array } parts => [.. parts.EnumerateArray().Select(ReadPart).Where(part => part is not { Type: "text", Text: "" })],
        _ => [],
    };

    private static Block ReadPart(JsonElement part) => part.Text("type"u8) switch
    {
        "text" => new Block { Type = "text", Text = part.Text("text"u8) },
        "image" => new Block { Type = "image", ImageBase64 = part.Text("data"u8), ImageUrl = part.Text("uri"u8), MediaType = part.Text("mime_type"u8) },
        var type => new Block { Type = type ?? "unknown", ContentJson = ContentJson.WriteBlock(part) },
    };

    private static Block ReadCall(JsonElement step) => new()
    {
        Type = "tool_use",
        ToolUseId = step.Word("id"u8),
        ToolName = step.Text("name"u8),
        ToolInputJson = ToolArguments.FromValue(step.Member("arguments"u8)),
    };

    private static Block ReadResult(JsonElement step)
    {
        var result = step.Member("result"u8);
        return new Block
        {
            Type = "tool_result",
            ToolResultId = step.Word("call_id"u8) ?? step.Word("id"u8),
            ToolOutput = Texts.Flatten(result) ?? result?.GetRawText(),
            IsError = step.IsTrue("is_error"u8),
        };
    }
}
