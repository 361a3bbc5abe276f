using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>What a Responses request asks: one message for each input item; <c>instructions</c> are the system prompt.</summary>
internal static class ResponsesRequest
{
    public static Turn Read(Turn turn, JsonElement body, ReadOnlyMemory<byte> source)
    {
        List<Message> prompt = [];
        List<ToolResult> results = [];
        if (body.Member("input"u8) is { ValueKind: JsonValueKind.String } text)
        {
            prompt.Add(new Message("user", [new Block { Type = "text", Text = text.GetString() }], text.Slice(source)));
        }

        foreach (var item in body.Items("input"u8))
        {
            var read = ResponseItems.ReadItem(item, item.Slice(source));
            prompt.Add(read);
            ToolResultReading.Collect(read, results);
        }

        return turn with
        {
            Prompt = prompt,
            ToolResults = results,
            Background = body.IsTrue("background"u8),
            PreviousResponseId = body.Word("previous_response_id"u8),
            System = body.Member("instructions"u8) is { } instructions ? ContentJson.Write(instructions) : null,
            Tools = body.Member("tools"u8) is { } tools ? ContentJson.Write(tools) : null,
        };
    }
}
