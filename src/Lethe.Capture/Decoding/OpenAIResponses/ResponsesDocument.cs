using System.Runtime.InteropServices;
using System.Text.Json;
using Lethe.Capture.Decoding.Caching;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>A whole response object: the answer to a call, the body of a terminal event, a compaction, or a stored response.</summary>
internal static class ResponsesDocument
{
    public static Answer ReadDocument(JsonElement document)
    {
        if (document.Member("output"u8) is null && !document.Is("object"u8, "response"u8))
        {
            return new Answer { Error = WireError.Of(document, "body") };
        }

        var answer = ReadResponse(document, "body");
        return answer with { Complete = answer.Error is null && IsOver(document.Text("status"u8)) };
    }

    /// <summary>Everything of a response object but its completeness.</summary>
    public static Answer ReadResponse(JsonElement response, string phase)
    {
        List<ReadOnlyMemory<byte>> items = [];
        foreach (var item in response.Items("output"u8))
        {
            items.Add(JsonMarshal.GetRawUtf8Value(item).ToArray());
        }

        return ReadItems(items) with
        {
            Model = response.Word("model"u8),
            Id = response.Word("id"u8),
            PreviousResponseId = response.Word("previous_response_id"u8),
            Stop = response.ObjectMember("incomplete_details"u8)?.Word("reason"u8) ?? response.Word("status"u8),
            Usage = ResponsesUsage.Find(response),
            CacheDiagnosis = CacheDiagnoses.Read(response),
            Error = response.ObjectMember("error"u8) is { } error ? WireError.Read(response, phase) ?? new ExchangeError(phase, null, error.Word("code"u8), null)
                : response.Is("status"u8, "failed"u8) ? new ExchangeError(phase, "failed", null, null)
                : null,
        };
    }

    public static Answer ReadItems(IEnumerable<ReadOnlyMemory<byte>> items)
    {
        List<Message> messages = [];
        List<ToolCall> calls = [];
        List<string> text = [];
        List<string> reasoning = [];
        foreach (var item in items)
        {
            ReadOnlyMemory<byte> raw = HalfCharacters.Unmark(item.ToArray());
            using var document = JsonReading.TryParse(raw);
            if (document is null)
            {
                continue;
            }

            var message = ResponseItems.ReadItem(document.RootElement, raw);
            messages.Add(message);
            ToolCallReading.Collect(message, calls);
            foreach (var block in message.Blocks)
            {
                if (block is { Type: "text", Text: { } said } && message.Role == "assistant")
                {
                    text.Add(said);
                }
                else if (block is { Type: "thinking", Thinking: { Length: > 0 } thought })
                {
                    reasoning.Add(thought);
                }
            }
        }

        return new Answer { Messages = messages, ToolCalls = calls, Text = Texts.Join(text), Reasoning = Texts.Join(reasoning) };
    }

    /// <summary>A queued or running response is not the end of its answer.</summary>
    private static bool IsOver(string? status) => status is not ("queued" or "in_progress");
}
