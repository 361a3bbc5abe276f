using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Cohere;

/// <summary>A whole answer of either edition, of generate or of embed.</summary>
internal static class CohereDocument
{
    public static Answer Read(JsonElement document, string phase)
    {
        var stop = document.Word("finish_reason"u8);
        var answer = Words(document);
        var isOther = document.Member("embeddings"u8) is not null;
        var error = answer is null && !isOther ? WireError.Of(document, phase) : Failure(document, stop, phase);
        return (answer ?? Answer.None) with
        {
            Id = document.Word("response_id"u8) ?? document.Word("id"u8) ?? document.Word("generation_id"u8),
            Stop = stop ?? Generated(document)?.Word("finish_reason"u8),
            Usage = (document.ObjectMember("usage"u8) ?? document.ObjectMember("meta"u8)) is { } usage ? CohereUsage.Read(usage) : null,
            Error = error,
            Complete = error is null,
        };
    }

    /// <summary>A reply that ended in an error: its words, where it has some.</summary>
    public static ExchangeError? Failure(JsonElement told, string? stop, string phase) => stop is "ERROR" or "ERROR_TOXIC" or "ERROR_LIMIT" or "TIMEOUT"
        ? new ExchangeError(phase, told.Word("error_type"u8) ?? stop, null, told.Text("error"u8))
        : null;

    /// <summary>Reads one assistant message of the second edition; its thoughts and its plan are reasoning.</summary>
    public static Answer ReadMessage(byte[] raw)
    {
        raw = HalfCharacters.Unmark(raw);
        using var document = JsonReading.TryParseAssembled(raw);
        if (document is null)
        {
            return Answer.None;
        }

        List<string> thoughts = [];
        foreach (var part in document.RootElement.Items("content"u8))
        {
            if (part.Text("thinking"u8) is { Length: > 0 } thought)
            {
                thoughts.Add(thought);
            }
        }

        if (document.RootElement.Text("tool_plan"u8) is { Length: > 0 } plan)
        {
            thoughts.Add(plan);
        }

        return ChatDocument.ReadMessage(raw) with { Reasoning = Texts.Join(thoughts) };
    }

    private static Answer? Words(JsonElement document)
    {
        if (document.ObjectMember("message"u8) is { } message)
        {
            return ReadMessage(RawMessage.Write(writer => writer.Raw(message)));
        }

        var text = document.Text("text"u8);
        if (text is null && document.Member("tool_calls"u8) is null)
        {
            return Generated(document)?.Text("text"u8) is { } generated ? Said([new Block { Type = "text", Text = generated }], generated) : null;
        }

        return Said(CohereFirstEdition.ReadAnswer(document), text);
    }

    private static Answer Said(List<Block> blocks, string? text)
    {
        var raw = RawMessage.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("role"u8, "CHATBOT"u8);
            writer.WriteString("message"u8, text ?? "");
            if (blocks.Exists(block => block.Type == "tool_use"))
            {
                writer.WriteStartArray("tool_calls"u8);
                foreach (var block in blocks.Where(block => block.Type == "tool_use"))
                {
                    writer.WriteStartObject();
                    writer.WriteString("name"u8, block.ToolName);
                    writer.WritePropertyName("parameters"u8);
                    writer.WriteRawValue(block.ToolInputJson!, skipInputValidation: true);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        });
        var message = new Message("assistant", blocks, raw);
        List<ToolCall> calls = [];
        ToolCallReading.Collect(message, calls);
        return new Answer { Messages = [message], Text = text is { Length: > 0 } ? text : null, ToolCalls = calls };
    }

    private static JsonElement? Generated(JsonElement document)
    {
        foreach (var one in document.Items("generations"u8))
        {
            return one;
        }

        return null;
    }
}
