using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIChat;

/// <summary>What a Chat Completions request asks. System messages are ordinary elements of the conversation here.</summary>
internal static class ChatRequest
{
    public static Turn Read(Turn turn, JsonElement body, ReadOnlyMemory<byte> source, RepeatMemo? memo)
    {
        List<Message> prompt = [];
        foreach (var message in body.Items("messages"u8))
        {
            prompt.Add(ChatContent.ReadMessage(message, message.Slice(source)));
        }

        var tools = ContentJson.Write(body.Member("tools"u8) ?? body.Member("functions"u8), source, memo);
        return turn with { Prompt = prompt, Tools = tools?.Json, ToolsSha256 = tools?.Sha256 };
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
