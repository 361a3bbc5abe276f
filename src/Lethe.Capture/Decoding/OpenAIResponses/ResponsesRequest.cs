using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>What a Responses request asks: one message for each input item; <c>instructions</c> are the system prompt.</summary>
internal static class ResponsesRequest
{
    public static Turn Read(Turn turn, JsonElement body, ReadOnlyMemory<byte> source, RepeatMemo? memo)
    {
        List<Message> prompt = [];
        if (body.Member("input"u8) is { ValueKind: JsonValueKind.String } text)
        {
            prompt.Add(new Message("user", [new Block { Type = "text", Text = text.GetString() }], text.Slice(source)));
        }

        foreach (var item in body.Items("input"u8))
        {
            prompt.Add(ResponseItems.ReadItem(item, item.Slice(source)));
        }

        var instructions = ContentJson.Write(body.Member("instructions"u8), source, memo);
        var tools = ContentJson.Write(body.Member("tools"u8), source, memo);
        return turn with
        {
            // A warm-up: the vendor reads the prompt and says nothing.
            Operation = body.Member("generate"u8) is { ValueKind: JsonValueKind.False } ? Operation.Other : turn.Operation,
            Prompt = prompt,
            Background = body.IsTrue("background"u8),
            PreviousResponseId = body.Word("previous_response_id"u8),
            System = instructions?.Json,
            SystemSha256 = instructions?.Sha256,
            Tools = tools?.Json,
            ToolsSha256 = tools?.Sha256,
        };
    }
}
