using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>A whole reply of the Converse API: as it came, or as put together from a stream.</summary>
internal static class ConverseDocument
{
    public static Answer Read(JsonElement document)
    {
        if (document.ObjectMember("output"u8)?.ObjectMember("message"u8) is not { } message)
        {
            return new Answer { Error = WireError.Of(document, "body") };
        }

        var tier = document.ObjectMember("serviceTier"u8)?.Text("type"u8);
        return ReadMessage(RawMessage.Write(writer => writer.Raw(message))) with
        {
            Stop = document.Word("stopReason"u8),
            Usage = document.ObjectMember("usage"u8) is { } usage ? ConverseUsage.Read(usage, tier, final: true) : null,
            Complete = true,
        };
    }

    /// <summary>Reads <c>{"role","content"}</c>.</summary>
    public static Answer ReadMessage(byte[] raw)
    {
        raw = HalfCharacters.Unmark(raw);
        using var document = JsonReading.TryParseAssembled(raw);
        if (document is null)
        {
            return Answer.None;
        }

        var message = ConverseContent.ReadMessage(document.RootElement, raw);
        List<ToolCall> calls = [];
        ToolCallReading.Collect(message, calls);
        return new Answer
        {
            Messages = [message],
            Text = Texts.Join([.. message.Blocks.Where(block => block is { Type: "text", Text: not null }).Select(block => block.Text!)]),
            Reasoning = Texts.Join([.. message.Blocks.Where(block => block is { Type: "thinking", Thinking.Length: > 0 }).Select(block => block.Thinking!)]),
            ToolCalls = calls,
        };
    }
}
