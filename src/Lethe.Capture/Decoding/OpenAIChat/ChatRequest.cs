using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIChat;

/// <summary>What a Chat Completions request asks. System messages are ordinary elements of the conversation here.</summary>
internal static class ChatRequest
{
    public static Turn Read(Turn turn, JsonElement body, ReadOnlyMemory<byte> source)
    {
        List<Message> prompt = [];
        List<ToolResult> results = [];
        foreach (var message in body.Items("messages"u8))
        {
            var read = ChatContent.ReadMessage(message, message.Slice(source));
            prompt.Add(read);
            ToolResultReading.Collect(read, results);
        }

        var tools = body.Member("tools"u8) ?? body.Member("functions"u8);
        return turn with { Prompt = prompt, ToolResults = results, Tools = tools is { } given ? ContentJson.Write(given) : null };
    }

    /// <summary>A legacy completion: one user message for each text.</summary>
    public static Turn ReadCompletion(Turn turn, JsonElement body, ReadOnlyMemory<byte> source)
    {
        List<Message> prompt = [];
        if (body.Member("prompt"u8) is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String))
        {
            prompt.AddRange(list.EnumerateArray().Select(item => ReadText(item, source)));
        }
        else if (body.Member("prompt"u8) is { } single)
        {
            prompt.Add(ReadText(single, source));
        }

        return turn with { Prompt = prompt };
    }

    private static Message ReadText(JsonElement prompt, ReadOnlyMemory<byte> source)
    {
        var block = prompt.ValueKind == JsonValueKind.String
            ? new Block { Type = "text", Text = prompt.GetString() }
            : new Block { Type = "tokens", ContentJson = prompt.GetRawText() };
        return new Message("user", [block], prompt.Slice(source));
    }
}
