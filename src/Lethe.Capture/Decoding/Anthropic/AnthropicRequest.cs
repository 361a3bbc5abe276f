using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Anthropic;

/// <summary>What a Messages request asks: the conversation so far, the system prompt, the tools.</summary>
internal static class AnthropicRequest
{
    public static Turn Read(Turn turn, JsonElement body, ReadOnlyMemory<byte> source, RepeatMemo? memo)
    {
        List<Message> prompt = [];
        foreach (var message in body.Items("messages"u8))
        {
            prompt.Add(AnthropicContent.ReadMessage(message, message.Slice(source)));
        }

        var system = ContentJson.Write(body.Member("system"u8), source, memo);
        var tools = ContentJson.Write(body.Member("tools"u8), source, memo);
        return turn with
        {
            Prompt = prompt,
            System = system?.Json,
            SystemSha256 = system?.Sha256,
            Tools = tools?.Json,
            ToolsSha256 = tools?.Sha256,
        };
    }
}
