using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Cohere;

/// <summary>What a chat request asks. The second edition's messages are those of Chat Completions; the first has a history and one new message.</summary>
internal static class CohereRequest
{
    public static Turn Read(Turn turn, JsonElement body, ReadOnlyMemory<byte> source, RepeatMemo? memo)
    {
        List<Message> prompt = [];
        foreach (var message in body.Items("messages"u8))
        {
            prompt.Add(ChatContent.ReadMessage(message, message.Slice(source)));
        }

        foreach (var message in body.Items("chat_history"u8))
        {
            prompt.Add(CohereFirstEdition.ReadMessage(message, message.Slice(source)));
        }

        if (body.Member("message"u8) is { ValueKind: JsonValueKind.String } said && !said.ValueEquals(""u8))
        {
            prompt.Add(new Message("user", [new Block { Type = "text", Text = said.GetString() }], said.Slice(source)));
        }

        if (body.Member("tool_results"u8) is { ValueKind: JsonValueKind.Array } results)
        {
            prompt.Add(new Message("tool", CohereFirstEdition.ReadResults(results), results.Slice(source)));
        }

        var system = ContentJson.Write(body.Member("preamble"u8), source, memo);
        var tools = ContentJson.Write(body.Member("tools"u8), source, memo);
        return turn with { Prompt = prompt, System = system?.Json, SystemSha256 = system?.Sha256, Tools = tools?.Json, ToolsSha256 = tools?.Sha256 };
    }
}
