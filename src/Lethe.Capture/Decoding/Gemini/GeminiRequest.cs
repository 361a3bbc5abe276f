using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Gemini;

/// <summary>What a request asks: the conversation so far, the system instruction, the tools.</summary>
internal static class GeminiRequest
{
    public static Turn Read(Turn turn, JsonElement body, ReadOnlyMemory<byte> source, RepeatMemo? memo)
    {
        List<Message> prompt = [];
        if (body.ObjectMember("contents"u8) is { } only)
        {
            prompt.Add(GeminiContent.ReadMessage(only, only.Slice(source)));
        }

        foreach (var content in body.Items("contents"u8))
        {
            prompt.Add(GeminiContent.ReadMessage(content, content.Slice(source)));
        }

        var system = ContentJson.Write(body.Member("systemInstruction"u8) ?? body.Member("system_instruction"u8), source, memo);
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
