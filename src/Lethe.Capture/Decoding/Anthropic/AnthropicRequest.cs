using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Anthropic;

/// <summary>What a Messages request asks: the conversation so far, the system prompt, the tools.</summary>
internal static class AnthropicRequest
{
    public static Turn Read(Turn turn, JsonElement body, ReadOnlyMemory<byte> source)
    {
        List<Message> prompt = [];
        List<ToolResult> results = [];
        foreach (var message in body.Items("messages"u8))
        {
            var read = AnthropicContent.ReadMessage(message, message.Slice(source));
            prompt.Add(read);
            ToolResultReading.Collect(read, results);
        }

        return turn with
        {
            Prompt = prompt,
            ToolResults = results,
            System = body.Member("system"u8) is { } system ? ContentJson.Write(system) : null,
            Tools = body.Member("tools"u8) is { } tools ? ContentJson.Write(tools) : null,
        };
    }
}
