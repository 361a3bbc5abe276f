using System.Text;
using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIChat;

/// <summary>Puts a stream of chat or legacy completion chunks together: its first choice, and the last usage told.</summary>
internal sealed class ChatStream(string vendor) : IReplyAssembler
{
    private readonly StringBuilder content = new();
    private readonly StringBuilder reasoning = new();
    private readonly StringBuilder refusal = new();
    private readonly StringBuilder transcript = new();
    private readonly MergedObject usage = new();
    private readonly StreamedToolCalls calls = new();
    private string? id;
    private string? model;
    private string? role;
    private string? stop;
    private string? audioId;
    private string? tier;
    private ExchangeError? error;
    private bool spoke;
    private bool stopped;
    private bool done;

    public void Add(ReadOnlySpan<byte> name, JsonElement data)
    {
        // Perplexity, Avian and Groq change the id within a stream; Azure's first chunk has an empty one.
        id ??= data.Word("id"u8);
        model ??= data.Word("model"u8);
        tier = data.Word("service_tier"u8) ?? tier;
        usage.MergeCounts(ChatUsage.Of(data));
        error ??= name.SequenceEqual("error"u8) ? WireError.Of(data, "stream") : WireError.Inside(data, "stream");
        foreach (var choice in data.Items("choices"u8))
        {
            if (choice.Count("index"u8) is null or 0)
            {
                AddChoice(choice);
            }
        }
    }

    public void Done() => done = true;

    public Answer Finish(bool transportEnded)
    {
        var ended = done || (stopped && transportEnded);
        var reply = spoke ? ChatReply.ReadMessage(WriteMessage()) : Answer.None;
        return reply with
        {
            Id = id,
            Model = model,
            Stop = stop,
            Usage = ReadUsage(final: ended || stop is not null),
            Error = error,
            Complete = ended && error is null,
        };
    }

    private void AddChoice(JsonElement choice)
    {
        spoke = true;
        stop = choice.Word("finish_reason"u8) ?? stop;
        // Snowflake's finish reason is the empty string.
        stopped = stop is not null || choice.Text("finish_reason"u8) is not null;
        error ??= WireError.Inside(choice, "stream") ?? ChatReply.Failure(stop, "stream");
        content.Append(choice.Text("text"u8));
        if ((choice.ObjectMember("delta"u8) ?? choice.ObjectMember("message"u8)) is not { } delta)
        {
            return;
        }

        role ??= delta.Text("role"u8) is { Length: > 0 } given ? given : null;
        content.Append(ChatContent.Text(delta.Member("content"u8)));
        reasoning.Append(ChatContent.Reasoning(delta));
        refusal.Append(delta.Text("refusal"u8));
        audioId ??= delta.ObjectMember("audio"u8)?.Word("id"u8);
        transcript.Append(delta.ObjectMember("audio"u8)?.Text("transcript"u8));
        foreach (var piece in delta.Items("tool_calls"u8))
        {
            calls.Add(piece);
        }

        if (delta.ObjectMember("function_call"u8) is { } function)
        {
            calls.AddFunctionCall(function);
        }
    }

    private Usage? ReadUsage(bool final)
    {
        using var document = usage.IsEmpty ? null : JsonReading.TryParse(usage.ToJson());
        return document is null ? null : ChatUsage.Read(document.RootElement, vendor, tier, final);
    }

    private byte[] WriteMessage() => RawMessage.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, role ?? "assistant");
        writer.Text("content"u8, content);
        if (reasoning.Length > 0)
        {
            writer.Text("reasoning_content"u8, reasoning);
        }

        if (refusal.Length > 0)
        {
            writer.Text("refusal"u8, refusal);
        }

        if (audioId is not null)
        {
            writer.WriteStartObject("audio"u8);
            writer.WriteString("id"u8, audioId);
            writer.Text("transcript"u8, transcript);
            writer.WriteEndObject();
        }

        if (!calls.IsEmpty)
        {
            calls.WriteTo(writer);
        }

        writer.WriteEndObject();
    });
}
