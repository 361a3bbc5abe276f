using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Cohere;

/// <summary>Messages of the first edition: <c>{"role":"USER|CHATBOT|SYSTEM|TOOL","message","tool_calls","tool_results"}</c>. Tool calls have no ids.</summary>
internal static class CohereFirstEdition
{
    public static Message ReadMessage(JsonElement message, ReadOnlyMemory<byte> raw) => new(Role(message.Text("role"u8)), raw, ReadBlocks);

    /// <summary>The whole answer, of which a later history repeats <c>text</c> as <c>message</c>.</summary>
    public static List<Block> ReadAnswer(JsonElement answer) => Blocks(answer.Text("text"u8), answer);

    public static List<Block> ReadResults(JsonElement results)
    {
        List<Block> blocks = [];
        foreach (var result in results.EnumerateArray())
        {
            blocks.Add(new Block
            {
                Type = "tool_result",
                ToolResultId = result.ObjectMember("call"u8)?.Text("name"u8),
                ToolOutput = result.Member("outputs"u8)?.GetRawText(),
            });
        }

        return blocks;
    }

    private static string Role(string? role) => role?.ToUpperInvariant() switch
    {
        "CHATBOT" => "assistant",
        "SYSTEM" => "system",
        "TOOL" => "tool",
        _ => "user",
    };

    private static List<Block> ReadBlocks(ReadOnlyMemory<byte> raw)
    {
        using var document = JsonReading.TryParseAssembled(raw);
        return document is null ? [] : Blocks(document.RootElement.Text("message"u8), document.RootElement);
    }

    private static List<Block> Blocks(string? text, JsonElement message)
    {
        List<Block> blocks = [];
        if (text is { Length: > 0 })
        {
            blocks.Add(new Block { Type = "text", Text = text });
        }

        foreach (var call in message.Items("tool_calls"u8))
        {
            blocks.Add(new Block { Type = "tool_use", ToolName = call.Text("name"u8), ToolInputJson = ToolArguments.FromValue(call.Member("parameters"u8)) });
        }

        if (message.Member("tool_results"u8) is { ValueKind: JsonValueKind.Array } results)
        {
            blocks.AddRange(ReadResults(results));
        }

        return blocks;
    }
}
