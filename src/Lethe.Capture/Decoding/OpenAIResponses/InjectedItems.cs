using System.Runtime.InteropServices;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>What a client gave to a call while it ran, inside a WebSocket: the outcomes of its tools, or words. Each stands behind what it answers, where the server took it.</summary>
internal sealed class InjectedItems
{
    private readonly List<List<Message>> given = [];
    private int accepted;

    public void Add(JsonElement data)
    {
        var messages = new List<Message>();
        if (data.Member("input"u8) is { ValueKind: JsonValueKind.String } text)
        {
            messages.Add(new Message("user", [new Block { Type = "text", Text = text.GetString() }], JsonMarshal.GetRawUtf8Value(text).ToArray()));
        }

        foreach (var item in data.Items("input"u8))
        {
            messages.Add(ResponseItems.ReadItem(item, JsonMarshal.GetRawUtf8Value(item).ToArray()));
        }

        given.Add(messages);
    }

    public void Accept() => accepted = Math.Min(accepted + 1, given.Count);

    /// <summary>Answers come in the order of what they answer.</summary>
    public void Refuse()
    {
        if (accepted < given.Count)
        {
            given.RemoveAt(accepted);
        }
    }

    /// <summary>An answer that says nothing stays one.</summary>
    public IReadOnlyList<Message> Among(IReadOnlyList<Message> reply)
    {
        if (given.Count == 0 || reply.Count == 0)
        {
            return reply;
        }

        List<Message> all = [.. reply];
        foreach (var message in given.SelectMany(messages => messages))
        {
            var call = message.Blocks.Select(block => block.ToolResultId).FirstOrDefault(id => id is not null);
            var at = call is null ? -1 : all.FindIndex(said => said.Blocks.Any(block => block.ToolUseId == call));
            all.Insert(at < 0 ? all.Count : at + 1, message);
        }

        return all;
    }
}
