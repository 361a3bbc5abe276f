using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>Puts a Converse response together: the whole document, or messageStart, blocks, messageStop, and the usage behind it.</summary>
internal sealed class ConverseReply : IReply
{
    /// <summary>The events of a stream; where nothing names them, each stands under its name in the JSON.</summary>
    private static readonly string[] Events = ["contentBlockDelta", "contentBlockStart", "contentBlockStop", "messageStart", "messageStop", "metadata"];

    private readonly ConverseBlocks blocks = new();
    private MergedObject usage = new();
    private Answer? whole;
    private string? role;
    private string? stop;
    private string? tier;
    private ExchangeError? error;
    private bool begun;
    private bool counted;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        if (kind == FrameKind.Document && !IsEvent(json))
        {
            whole = ConverseDocument.Read(json);
            return;
        }

        if (kind == FrameKind.Fault)
        {
            error ??= WireError.Of(json, "stream") with { Type = name.IsEmpty ? null : Encoding.UTF8.GetString(name) };
            return;
        }

        if (!name.IsEmpty)
        {
            Take(Encoding.UTF8.GetString(name), json);
            return;
        }

        foreach (var one in Events)
        {
            if (json.ObjectMember(Encoding.UTF8.GetBytes(one)) is { } inner)
            {
                Take(one, inner);
                return;
            }
        }

        Take("", json);
    }

    public Answer Finish(ReplyEnd end)
    {
        if (whole is not null)
        {
            return whole;
        }

        var ended = stop is not null && (counted || end != ReplyEnd.Cut);
        var reply = ended || !blocks.IsEmpty ? ConverseDocument.ReadMessage(WriteMessage()) : Answer.None;
        return reply with { Stop = stop, Usage = ReadUsage(ended), Error = error, Complete = ended && error is null };
    }

    /// <summary>True for an event that stands alone, in the form in which its name is a member.</summary>
    private static bool IsEvent(JsonElement json) => Events.Any(name => json.ObjectMember(Encoding.UTF8.GetBytes(name)) is not null);

    private void Take(string name, JsonElement data)
    {
        switch (name)
        {
            case "contentBlockDelta":
                blocks.Add(data);
                break;
            case "contentBlockStart":
                blocks.Begin(data);
                break;
            case "contentBlockStop":
                blocks.End(data);
                break;
            case "messageStart":
                Start(data);
                break;
            case "messageStop":
                stop = data.Word("stopReason"u8) ?? stop;
                counted |= data.ObjectMember("usage"u8) is not null;
                usage.MergeCounts(data.ObjectMember("usage"u8));
                break;
            case "metadata":
                counted = true;
                usage.MergeCounts(data.ObjectMember("usage"u8));
                tier = data.ObjectMember("serviceTier"u8)?.Text("type"u8) ?? tier;
                break;
            default:
                error ??= name.EndsWith("Exception", StringComparison.Ordinal) ? WireError.Of(data, "stream") with { Type = name } : WireError.Inside(data, "stream");
                break;
        }
    }

    /// <summary>A message that starts within another: what was begun is given up, for an intermediary has asked again.</summary>
    private void Start(JsonElement data)
    {
        if (begun && stop is null)
        {
            blocks.Clear();
            (usage, role) = (new MergedObject(), null);
        }

        (begun, stop, counted) = (true, null, false);
        role ??= data.Text("role"u8);
    }

    private Usage? ReadUsage(bool ended)
    {
        using var document = usage.IsEmpty ? null : JsonReading.TryParse(usage.ToJson());
        return document is null ? null : ConverseUsage.Read(document.RootElement, tier, final: ended && counted);
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
