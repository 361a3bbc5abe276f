using System.Text.Json;
using Lethe.Capture.Decoding.Caching;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIChat;

/// <summary>A whole reply of the Chat Completions API or of the legacy completions: its first choice.</summary>
internal static class ChatDocument
{
    public static Answer ReadDocument(JsonElement document, string vendor)
    {
        var answer = new Answer
        {
            Model = document.Word("model"u8),
            Id = document.Word("id"u8),
            Usage = ChatUsage.Find(document, vendor, document.Text("service_tier"u8), final: true),
            Error = WireError.Inside(document, "body"),
            Complete = true,
            CacheDiagnosis = CacheDiagnoses.Read(document),
        };
        if (FirstChoice(document) is not { } choice)
        {
            var isCompletion = document.Member("choices"u8) is not null || answer.Usage is not null;
            var failure = answer.Error ?? (isCompletion ? null : WireError.Of(document, "body"));
            return answer with { Error = failure, Complete = failure is null };
        }

        var error = answer.Error ?? WireError.Inside(choice, "body") ?? Failure(choice.Word("finish_reason"u8), "body");
        var message = choice.ObjectMember("message"u8) is { } given ? RawMessage.Write(writer => writer.Raw(given)) : WriteText(choice.Text("text"u8) ?? "");
        var read = ReadMessage(message);
        return answer with
        {
            Stop = choice.Word("finish_reason"u8),
            Error = error,
            Complete = error is null,
            Messages = read.Messages,
            Text = read.Text,
            Reasoning = read.Reasoning,
            ToolCalls = read.ToolCalls,
        };
    }

    /// <summary>A reply that ended in an error which it does not tell.</summary>
    public static ExchangeError? Failure(string? finishReason, string phase) => finishReason == "error" ? new ExchangeError(phase, finishReason, null, null) : null;

    /// <summary>Reads one assistant message.</summary>
    public static Answer ReadMessage(byte[] raw)
    {
        raw = HalfCharacters.Unmark(raw);
        using var document = JsonReading.TryParseAssembled(raw);
        if (document is null)
        {
            return Answer.None;
        }

        var message = ChatContent.ReadMessage(document.RootElement, raw);
        List<ToolCall> calls = [];
        ToolCallReading.Collect(message, calls);
        return new Answer
        {
            Messages = [message.Role == "user" ? message with { Role = "assistant" } : message],
            Text = Texts.Join([.. message.Blocks.Where(block => block is { Type: "text", Text: not null }).Select(block => block.Text!)]) ?? Transcript(document.RootElement),
            Reasoning = ChatContent.Reasoning(document.RootElement),
            ToolCalls = calls,
        };
    }

    private static string? Transcript(JsonElement message) =>
        message.ObjectMember("audio"u8)?.Text("transcript"u8) is { Length: > 0 } spoken ? spoken : null;

    /// <summary>The choice with index 0, else the first.</summary>
    private static JsonElement? FirstChoice(JsonElement document)
    {
        JsonElement? first = null;
        foreach (var choice in document.Items("choices"u8))
        {
            first ??= choice;
            if (choice.Count("index"u8) == 0)
            {
                return choice;
            }
        }

        return first;
    }

    private static byte[] WriteText(string text) => RawMessage.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, "assistant"u8);
        writer.WriteString("content"u8, text);
        writer.WriteEndObject();
    });
}
