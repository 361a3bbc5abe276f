using System.Text.Json;
using Lethe.Capture.Decoding.Caching;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Anthropic;

/// <summary>Puts a Messages response together: the whole message, or message_start, blocks, message_delta, message_stop.</summary>
internal sealed class AnthropicReply : IReply
{
    private readonly StreamedBlocks blocks = new();
    private MergedObject usage = new();
    private Usage? earlier;
    private Answer? whole;
    private string? id;
    private string? model;
    private string? role;
    private string? stop;
    private string? refusal;
    private string? requestId;
    private ExchangeError? error;
    private CacheDiagnosis? diagnosis;
    private bool usageUpdated;
    private bool stopped;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        if (kind == FrameKind.Document)
        {
            whole = AnthropicDocument.ReadDocument(json);
            return;
        }

        switch (json.Text("type"u8))
        {
            case "content_block_delta" when json.ObjectMember("delta"u8) is { } delta:
                blocks.At(json).Add(delta);
                break;
            case "content_block_start" when json.ObjectMember("content_block"u8) is { } block:
                blocks.Begin(json, block);
                break;
            case "content_block_stop":
                blocks.End(json);
                break;
            case "message_start" when json.ObjectMember("message"u8) is { } message:
                Start(message);
                break;
            case "message_delta":
                diagnosis = CacheDiagnoses.Read(json) ?? diagnosis;
                stop = json.ObjectMember("delta"u8)?.Word("stop_reason"u8) ?? stop;
                refusal = AnthropicDocument.Refusal(json.ObjectMember("delta"u8)) ?? refusal;
                Count(json.ObjectMember("usage"u8) ?? json.ObjectMember("delta"u8)?.ObjectMember("usage"u8));
                break;
            case "message_stop":
                stopped = true;
                if (json.ObjectMember("usage"u8) is { } last)
                {
                    Count(last);
                }

                break;
            case "ping":
                break;
            case "message":
                // A server that answers a stream request with the whole message as its only event.
                StartWhole(json);
                break;
            case "error":
                Fail(json);
                break;
            default:
                if (name.SequenceEqual("error"u8) || WireError.Inside(json, "stream") is not null)
                {
                    Fail(json);
                }

                break;
        }
    }

    public Answer Finish(ReplyEnd end)
    {
        if (whole is not null)
        {
            return whole;
        }

        var ended = stopped || (stop is not null && end != ReplyEnd.Cut);
        var reply = id is null && blocks.IsEmpty ? Answer.None : AnthropicDocument.ReadMessage(WriteMessage());
        return reply with
        {
            Id = id,
            Model = model,
            Stop = stop,
            Refusal = refusal,
            RequestId = requestId,
            Usage = earlier is null ? ReadUsage(ended) : earlier.Plus(ReadUsage(ended)),
            Error = error,
            Messages = !blocks.IsEmpty || ended ? reply.Messages : [],
            Complete = ended && error is null,
            CacheDiagnosis = diagnosis,
        };
    }

    private void Start(JsonElement message)
    {
        if (stopped)
        {
            // A gateway that runs the tools itself sends several messages in one stream: their blocks follow one another, the last names the whole, all are paid.
            blocks.Continue();
            var paid = ReadUsage(ended: true);
            earlier = paid is null ? earlier : earlier?.Plus(paid) ?? paid;
            Forget();
        }
        else if (!blocks.IsEmpty && message.Word("id"u8) is { } other && id is not null && other != id)
        {
            // What was begun is given up: an intermediary has lost its upstream and asked again.
            blocks.Clear();
            role = null;
            Forget();
        }

        id ??= message.Word("id"u8);
        model ??= message.Word("model"u8);
        role ??= message.Text("role"u8);
        diagnosis = CacheDiagnoses.Read(message) ?? diagnosis;
        usage.MergeCounts(message.ObjectMember("usage"u8));
    }

    private void Forget()
    {
        usage = new MergedObject();
        (id, model, stop, refusal, stopped, usageUpdated) = (null, null, null, null, false, false);
    }

    private void StartWhole(JsonElement message)
    {
        if (message.Word("id"u8) is { } again && again == id)
        {
            // The whole message behind its own events.
            blocks.Clear();
        }
        else
        {
            Start(message);
        }

        usage.MergeCounts(message.ObjectMember("usage"u8));
        stop = message.Word("stop_reason"u8) ?? stop;
        refusal = AnthropicDocument.Refusal(message) ?? refusal;
        stopped = true;
        usageUpdated = true;
        foreach (var block in message.Items("content"u8))
        {
            blocks.Add(block);
        }
    }

    private void Count(JsonElement? told)
    {
        usageUpdated |= told is not null;
        usage.MergeCounts(told);
    }

    private void Fail(JsonElement data)
    {
        error ??= WireError.Of(data, "stream");
        requestId ??= data.Text("request_id"u8);
    }

    private Usage? ReadUsage(bool ended)
    {
        using var merged = usage.IsEmpty ? null : JsonReading.TryParse(usage.ToJson());
        var told = merged is null ? null : AnthropicUsage.Read(merged.RootElement, final: ended && usageUpdated);
        // Gateways begin with zeros, and tell the truth with the end.
        return !usageUpdated && told is { InputTotal: null or 0, Output: null or 0 } ? null : told;
    }

    private byte[] WriteMessage() => RawMessage.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, role ?? "assistant");
        writer.WriteStartArray("content"u8);
        foreach (var block in blocks.InOrder())
        {
            block.WriteTo(writer);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
