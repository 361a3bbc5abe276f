using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>What a Converse request asks: the conversation so far, the system prompt, the tools.</summary>
internal static class ConverseRequest
{
    public static Turn Read(Turn turn, JsonElement body, ReadOnlyMemory<byte> source, RepeatMemo? memo)
    {
        List<Message> prompt = [];
        foreach (var message in body.Items("messages"u8))
        {
            prompt.Add(ConverseContent.ReadMessage(message, message.Slice(source)));
        }

        // Some clients send an empty list where there is no system prompt.
        var system = body.Member("system"u8) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0 ? null : ContentJson.Write(body.Member("system"u8), source, memo);
        var tools = ContentJson.Write(body.ObjectMember("toolConfig"u8)?.Member("tools"u8), source, memo);
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
