using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Anthropic;

/// <summary>Puts a Messages stream together: message_start, blocks by index, message_delta, message_stop.</summary>
internal sealed class AnthropicStream : IReplyAssembler
{
    private readonly SortedDictionary<long, StreamedBlock> blocks = [];
    private MergedObject usage = new();
    private string? id;
    private string? model;
    private string? role;
    private string? stop;
    private string? requestId;
    private ExchangeError? error;
    private bool usageUpdated;
    private bool stopped;
    private long firstBlock;
    private long nextBlock;

    public void Add(ReadOnlySpan<byte> name, JsonElement data)
    {
        switch (data.Text("type"u8))
        {
            case "content_block_delta" when data.ObjectMember("delta"u8) is { } delta:
                Block(data).Add(delta);
                break;
            case "content_block_start" when data.ObjectMember("content_block"u8) is { } block:
                Block(data).Start(block);
                break;
            case "message_start" when data.ObjectMember("message"u8) is { } message:
                Start(message);
                break;
            case "message_delta":
                stop = data.ObjectMember("delta"u8)?.Word("stop_reason"u8) ?? stop;
                usageUpdated |= data.ObjectMember("usage"u8) is not null;
                usage.MergeCounts(data.ObjectMember("usage"u8));
                break;
            case "message_stop":
                stopped = true;
                break;
            case "ping":
                break;
            case "message":
                // A server that answers a stream request with the whole message as its only event.
                StartWhole(data);
                break;
            case "error":
                Fail(data);
                break;
            default:
                if (name.SequenceEqual("error"u8) || WireError.Inside(data, "stream") is not null)
                {
                    Fail(data);
                }

                break;
        }
    }

    public void Done()
    {
    }

    public Answer Finish(bool transportEnded)
    {
        var ended = stopped || (stop is not null && transportEnded);
        var reply = id is null && blocks.Count == 0 ? Answer.None : AnthropicReply.ReadMessage(WriteMessage());
        return reply with
        {
            Id = id,
            Model = model,
            Stop = stop,
            RequestId = requestId,
            Usage = ReadUsage(ended),
            Error = error,
            Messages = blocks.Count > 0 || ended ? reply.Messages : [],
            Complete = ended && error is null,
        };
    }

    private StreamedBlock Block(JsonElement data)
    {
        var index = firstBlock + Math.Min(data.Count("index"u8) ?? 0, int.MaxValue);
        nextBlock = Math.Max(nextBlock, index + 1);
        if (!blocks.TryGetValue(index, out var block))
        {
            blocks[index] = block = new StreamedBlock();
        }

        return block;
    }

    private void Start(JsonElement message)
    {
        if (stopped)
        {
            // A gateway that runs the tools itself sends several messages in one stream: their blocks follow one another, the last names the whole.
            firstBlock = nextBlock;
            usage = new MergedObject();
            (id, model, stop, stopped, usageUpdated) = (null, null, null, false, false);
        }

        id ??= message.Word("id"u8);
        model ??= message.Word("model"u8);
        role ??= message.Text("role"u8);
        usage.MergeCounts(message.ObjectMember("usage"u8));
    }

    private void StartWhole(JsonElement message)
    {
        Start(message);
        stop = message.Word("stop_reason"u8) ?? stop;
        stopped = true;
        usageUpdated = true;
        foreach (var block in message.Items("content"u8))
        {
            var added = new StreamedBlock();
            added.Start(block);
            blocks[nextBlock++] = added;
        }
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
        foreach (var block in blocks.Values)
        {
            block.WriteTo(writer);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
