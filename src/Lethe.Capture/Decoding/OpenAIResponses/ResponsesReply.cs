using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>
/// Puts a response of the Responses API together: the whole document, or the terminal response of a stream, or, where its output is empty (chatgpt.com) or it never came, the
/// items that were done, or what their deltas had told.
/// </summary>
internal sealed class ResponsesReply : IReply
{
    private readonly StreamedItems items = new();
    private readonly InjectedItems injected = new();
    private readonly MergedObject usage = new();
    private Answer? whole;
    private string? id;
    private string? model;
    private string? previous;
    private Answer? terminal;
    private ExchangeError? error;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement data)
    {
        if (kind == FrameKind.Document)
        {
            whole = ResponsesDocument.ReadDocument(data);
            return;
        }

        switch (data.Text("type"u8))
        {
            case "response.output_text.delta" or "response.audio.transcript.delta":
                items.At(data).AddText(data);
                break;
            case "response.reasoning_text.delta" or "response.reasoning.delta":
                items.At(data).AddThought(data);
                break;
            case "response.function_call_arguments.delta" or "response.custom_tool_call_input.delta" or "response.mcp_call_arguments.delta":
                items.At(data).AddArguments(data);
                break;
            case "response.output_text.done":
                items.AddWhole(data);
                break;
            case "response.reasoning_summary_text.delta":
                items.At(data).AddSummary(data);
                break;
            case "response.code_interpreter_call_code.delta":
                items.At(data).AddCode(data);
                break;
            case "response.apply_patch_call_operation_diff.delta":
                items.At(data).AddDiff(data);
                break;
            case "response.shell_call_command.delta":
                items.At(data).AddCommand(data);
                break;
            case "response.refusal.delta":
                items.At(data).AddRefusal(data);
                break;
            case "response.output_item.added" when data.ObjectMember("item"u8) is { } item:
                items.Begin(data, item);
                break;
            case "response.output_item.done" when data.ObjectMember("item"u8) is { } item:
                items.At(data, item).Finish(item);
                break;
            case "response.created" when data.ObjectMember("response"u8) is { } response:
                ForgetAbandoned(response);
                Identify(response);
                break;
            case "response.queued" or "response.in_progress" when data.ObjectMember("response"u8) is { } response:
                Identify(response);
                break;
            case "response.completed" or "response.incomplete" or "response.failed" or "response.cancelled" when data.ObjectMember("response"u8) is { } response:
                Identify(response);
                // xAI tells it beside the response.
                usage.MergeCounts(data.ObjectMember("usage"u8));
                End(response);
                break;
            case "response.inject":
                injected.Add(data);
                break;
            case "response.inject.created":
                injected.Accept();
                break;
            case "response.inject.failed":
                injected.Refuse();
                break;
            case "error":
                error ??= ReadError(data);
                break;
            case null:
                AddUntyped(name, data);
                break;
        }
    }

    public Answer Finish(ReplyEnd end)
    {
        if (whole is not null)
        {
            return whole;
        }

        var reply = terminal is { Messages.Count: > 0 } ? terminal : ReadItems();
        var failure = error ?? terminal?.Error;
        return reply with
        {
            Messages = injected.Among(reply.Messages),
            Id = id,
            Model = model,
            PreviousResponseId = previous,
            Stop = terminal?.Stop,
            Usage = terminal?.Usage,
            CacheDiagnosis = terminal?.CacheDiagnosis,
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
        usage.MergeCounts(response.ObjectMember("usage"u8));
    }

    private void End(JsonElement response)
    {
        using var counts = usage.IsEmpty ? null : JsonReading.TryParse(usage.ToJson());
        terminal = ResponsesDocument.ReadResponse(response, "stream") with { Usage = counts is null ? null : ResponsesUsage.Read(counts.RootElement, response) };
    }

    /// <summary>A second response begins before the first has ended: an intermediary lost its upstream and asked again. What was begun is given up.</summary>
    private void ForgetAbandoned(JsonElement response)
    {
        if (!items.IsEmpty && terminal is null && id is not null && response.Word("id"u8) is { } other && other != id)
        {
            items.Clear();
        }
    }

    /// <summary>A server that answers a stream request with the response itself as its only event.</summary>
    private void AddUntyped(ReadOnlySpan<byte> name, JsonElement data)
    {
        if (data.Is("object"u8, "response"u8) && data.Member("output"u8) is not null)
        {
            Identify(data);
            End(data);
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

    private Answer ReadItems() => ResponsesDocument.ReadItems(items.Told());
}
