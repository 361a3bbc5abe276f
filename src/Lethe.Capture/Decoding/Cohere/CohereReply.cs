using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Cohere;

/// <summary>Puts a Cohere response together: the whole document, or the events of either edition. Some recordings leave the events' names out, so that their JSON's word counts.</summary>
internal sealed class CohereReply : IReply
{
    private readonly StreamedMessage message = new();
    private readonly MergedObject counts = new();
    private Answer? whole;
    private string? id;
    private string? stop;
    private ExchangeError? error;
    private bool ended;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        var type = json.Text("type"u8) ?? json.Text("event_type"u8);
        if (kind == FrameKind.Document && type is null)
        {
            whole = CohereDocument.Read(json, "body");
            return;
        }

        var said = json.ObjectMember("delta"u8)?.ObjectMember("message"u8);
        switch (type ?? Encoding.UTF8.GetString(name))
        {
            case "message-start" or "stream-start":
                Start(json);
                break;
            case "content-start" or "content-delta" when said?.ObjectMember("content"u8) is { } content:
                message.AddContent(json.Count("index"u8) ?? 0, content, isStart: type == "content-start");
                break;
            case "content-end":
                message.End(json.Count("index"u8) ?? 0);
                break;
            case "tool-call-end":
                message.EndCall(json.Count("index"u8) ?? 0);
                break;
            case "tool-plan-delta":
                message.AddPlan(said.Text("tool_plan"u8));
                break;
            case "tool-call-start" or "tool-call-delta" when said?.ObjectMember("tool_calls"u8) is { } call:
                message.AddCall(json.Count("index"u8) ?? 0, call, isStart: type == "tool-call-start");
                break;
            case "text-generation":
                message.AddContent(0, json, isStart: false);
                break;
            case "message-end" when json.ObjectMember("delta"u8) is { } delta:
                End(delta, delta.ObjectMember("usage"u8) ?? json.ObjectMember("usage"u8));
                break;
            case "stream-end":
                EndFirstEdition(json);
                break;
            default:
                error ??= kind == FrameKind.Fault ? WireError.Of(json, "stream") : WireError.Inside(json, "stream") ?? Refusal(json, type);
                break;
        }
    }

    public Answer Finish(ReplyEnd end)
    {
        if (whole is not null)
        {
            return whole with { Id = whole.Id ?? id, Error = whole.Error ?? error, Complete = whole.Complete && error is null };
        }

        var reply = message.IsEmpty && !ended ? Answer.None : CohereDocument.ReadMessage(message.Write());
        return reply with { Id = id, Stop = stop, Usage = ReadUsage(), Error = error, Complete = ended && error is null };
    }

    /// <summary>A message that starts within another: what was begun is given up, for an intermediary has asked again.</summary>
    private void Start(JsonElement json)
    {
        if (!ended && !message.IsEmpty)
        {
            message.Clear();
            id = null;
        }

        id ??= json.Word("id"u8) ?? json.Word("generation_id"u8);
    }

    private void End(JsonElement told, JsonElement? usage)
    {
        ended = true;
        stop = told.Word("finish_reason"u8) ?? stop;
        counts.MergeCounts(usage);
        error ??= CohereDocument.Failure(told, stop, "stream");
    }

    private Usage? ReadUsage()
    {
        using var told = counts.IsEmpty ? null : JsonReading.TryParse(counts.ToJson());
        return told is null ? null : CohereUsage.Read(told.RootElement);
    }

    /// <summary>The first edition ends with the whole answer.</summary>
    private void EndFirstEdition(JsonElement json)
    {
        if (json.ObjectMember("response"u8) is { } response)
        {
            var read = CohereDocument.Read(response, "stream");
            whole = read with { Stop = read.Stop ?? json.Word("finish_reason"u8) };
        }

        End(json, null);
    }

    /// <summary>An event that is none: the error document of a failed call, in the middle of a stream.</summary>
    private static ExchangeError? Refusal(JsonElement json, string? type) =>
        type is null && json.Text("message"u8) is not null ? WireError.Of(json, "stream") : null;
}
