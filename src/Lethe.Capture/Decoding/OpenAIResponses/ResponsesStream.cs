using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>
/// Puts a Responses stream together: the terminal response, or, where its output is empty (chatgpt.com) or it never came, the
/// items that were done, or what their deltas had told.
/// </summary>
internal sealed class ResponsesStream : IReplyAssembler
{
    private readonly SortedDictionary<long, StreamedItem> items = [];
    private string? id;
    private string? model;
    private string? previous;
    private Answer? terminal;
    private ExchangeError? error;

    public void Add(ReadOnlySpan<byte> name, JsonElement data)
    {
        switch (data.Text("type"u8))
        {
            case "response.output_text.delta" or "response.reasoning_text.delta" or "response.audio.transcript.delta":
                Item(data).AddText(data);
                break;
            case "response.function_call_arguments.delta" or "response.custom_tool_call_input.delta" or "response.mcp_call_arguments.delta":
                Item(data).AddArguments(data);
                break;
            case "response.reasoning_summary_text.delta":
                Item(data).AddSummary(data);
                break;
            case "response.refusal.delta":
                Item(data).AddRefusal(data);
                break;
            case "response.output_item.added" when data.ObjectMember("item"u8) is { } item:
                Item(data, isNew: true).Start(item);
                break;
            case "response.output_item.done" when data.ObjectMember("item"u8) is { } item:
                Item(data).Finish(item);
                break;
            case "response.created" or "response.queued" or "response.in_progress" when data.ObjectMember("response"u8) is { } response:
                Identify(response);
                break;
            case "response.completed" or "response.incomplete" or "response.failed" or "response.cancelled" when data.ObjectMember("response"u8) is { } response:
                Identify(response);
                terminal = ResponsesReply.ReadResponse(response, "stream");
                break;
            case "error":
                error ??= ReadError(data);
                break;
            case null:
                AddUntyped(name, data);
                break;
        }
    }

    public void Done()
    {
    }

    public Answer Finish(bool transportEnded)
    {
        var reply = terminal is { Messages.Count: > 0 } ? terminal : ReadItems();
        var failure = error ?? terminal?.Error;
        return reply with
        {
            Id = id,
            Model = model,
            PreviousResponseId = previous,
            Stop = terminal?.Stop,
            Usage = terminal?.Usage,
            Error = failure,
            Complete = terminal is not null && failure is null,
        };
    }

    /// <summary>Copilot names the response anew in every event: the last name is the one that a later request continues.</summary>
    private void Identify(JsonElement response)
    {
        id = response.Word("id"u8) ?? id;
        model = response.Word("model"u8) ?? model;
        previous ??= response.Word("previous_response_id"u8);
    }

    /// <summary>A server that answers a stream request with the response itself as its only event.</summary>
    private void AddUntyped(ReadOnlySpan<byte> name, JsonElement data)
    {
        if (data.Is("object"u8, "response"u8) && data.Member("output"u8) is not null)
        {
            Identify(data);
            terminal = ResponsesReply.ReadResponse(data, "stream");
        }
        else
        {
            error ??= name.SequenceEqual("error"u8) ? WireError.Of(data, "stream") : WireError.Inside(data, "stream");
        }
    }

    private static ExchangeError? ReadError(JsonElement data) =>
        data.ObjectMember("error"u8) is null
            ? new ExchangeError("stream", null, data.Word("code"u8), data.Text("message"u8))
            : WireError.Read(data, "stream");

    // Events that do not say which item they are about follow the one that began it.
    private StreamedItem Item(JsonElement data, bool isNew = false)
    {
        var index = data.Count("output_index"u8) ?? Math.Max(0, isNew ? items.Count : items.Count - 1);
        if (!items.TryGetValue(index, out var item))
        {
            items[index] = item = new StreamedItem();
        }

        return item;
    }

    private Answer ReadItems() => ResponsesReply.ReadItems(Told());

    private IEnumerable<ReadOnlyMemory<byte>> Told()
    {
        foreach (var item in items.Values)
        {
            if (item.ToJson() is { } json)
            {
                yield return json;
            }
        }
    }
}
