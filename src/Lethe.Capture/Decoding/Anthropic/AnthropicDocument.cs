using System.Text.Json;
using Lethe.Capture.Decoding.Caching;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Anthropic;

/// <summary>A whole reply of the Messages API: as it came, or as put together from a stream.</summary>
internal static class AnthropicDocument
{
    public static Answer ReadDocument(JsonElement document)
    {
        var error = WireError.Inside(document, "body");
        if (error is not null || (document.Member("content"u8) is null && !document.Is("type"u8, "message"u8)))
        {
            return new Answer { Error = error ?? WireError.Of(document, "body"), RequestId = document.Text("request_id"u8) };
        }

        var message = RawMessage.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("role"u8, document.Text("role"u8) ?? "assistant");
            writer.WritePropertyName("content"u8);
            if (document.Member("content"u8) is { } content)
            {
                writer.Raw(content);
            }
            else
            {
                writer.WriteStartArray();
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        });

        return ReadMessage(message) with
        {
            Model = document.Word("model"u8),
            Id = document.Word("id"u8),
            Stop = document.Word("stop_reason"u8),
            Refusal = Refusal(document),
            Usage = document.ObjectMember("usage"u8) is { } usage ? AnthropicUsage.Read(usage, final: true) : null,
            Complete = true,
            CacheDiagnosis = CacheDiagnoses.Read(document),
        };
    }

    /// <summary>What a refusal was for, beside where <c>stop_reason</c> stands.</summary>
    public static string? Refusal(JsonElement? stopped) => stopped?.ObjectMember("stop_details"u8)?.Word("category"u8);

    /// <summary>Reads <c>{"role","content"}</c>.</summary>
    public static Answer ReadMessage(byte[] raw)
    {
        raw = HalfCharacters.Unmark(raw);
        using var document = JsonReading.TryParseAssembled(raw);
        if (document is null)
        {
            return Answer.None;
        }

        var message = AnthropicContent.ReadMessage(document.RootElement, raw);
        List<ToolCall> calls = [];
        ToolCallReading.Collect(message, calls);
        List<string> text = [];
        List<string> thinking = [];
        foreach (var block in message.Blocks)
        {
            switch (block)
            {
                case { Type: "text", Text: { } said }:
                    text.Add(said);
                    break;
                case { Type: "thinking", Thinking: { Length: > 0 } thought }:
                    thinking.Add(thought);
                    break;
            }
        }

        return new Answer { Messages = [message], Text = Texts.Join(text), Reasoning = Texts.Join(thinking), ToolCalls = calls };
    }
}
