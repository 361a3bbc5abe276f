using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Caching;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIChat;

/// <summary>Puts a chat or legacy completion response together: the whole document, or chunks, of them the first choice, and the usage told.</summary>
internal sealed class ChatReply(string vendor) : IReply
{
    private readonly StringBuilder content = new();
    private readonly StringBuilder reasoning = new();
    private readonly StringBuilder refusal = new();
    private readonly StringBuilder transcript = new();
    private MergedObject usage = new();
    private StreamedToolCalls calls = new();
    private string? id;
    private string? model;
    private string? role;
    private string? stop;
    private string? audioId;
    private string? tier;
    private ExchangeError? error;
    private CacheDiagnosis? diagnosis;
    private bool spoke;
    private bool stopped;
    private Answer? whole;
    private int chunks;
    private int roles;
    private int pieces;
    private bool byDeltas;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement data)
    {
        if (kind == FrameKind.Document)
        {
            whole = ChatDocument.ReadDocument(data, vendor);
            return;
        }

        ForgetAbandoned(data);
        // Perplexity, Avian and Groq change the id within a stream; Azure's first chunk has an empty one.
        id ??= data.Word("id"u8);
        model ??= data.Word("model"u8);
        tier = data.Word("service_tier"u8) ?? tier;
        diagnosis = CacheDiagnoses.Read(data) ?? diagnosis;
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

    public Answer Finish(ReplyEnd end)
    {
        if (whole is not null)
        {
            return whole;
        }

        var ended = end == ReplyEnd.Marked || (stopped && end == ReplyEnd.Transport);
        // A first chunk that says nothing is no answer when nothing follows it.
        var reply = spoke && (ended || stop is not null || HasWords) ? ChatDocument.ReadMessage(WriteMessage()) : Answer.None;
        return reply with
        {
            Id = id,
            Model = model,
            Stop = stop,
            Usage = ReadUsage(final: ended || stop is not null),
            Error = error,
            Complete = ended && error is null,
            CacheDiagnosis = diagnosis,
        };
    }

    private bool HasWords =>
        content.Length > 0 || reasoning.Length > 0 || refusal.Length > 0 || transcript.Length > 0 || audioId is not null || !calls.IsEmpty;

    /// <summary>
    /// An intermediary that lost its upstream asked again: another id, and the role once more, which only the first chunk had told. What was begun is given up.
    /// </summary>
    private void ForgetAbandoned(JsonElement data)
    {
        chunks++;
        var isBeginning = data.Items("choices"u8).Any(choice => choice.ObjectMember("delta"u8)?.Text("role"u8) is { Length: > 0 });
        if (isBeginning && roles == 1 && chunks > 2 && !stopped && id is not null && data.Word("id"u8) is { } other && other != id)
        {
            ForgetWords();
            (id, model, role, roles, usage) = (null, null, null, 0, new MergedObject());
        }

        roles += isBeginning ? 1 : 0;
    }

    private void ForgetWords()
    {
        foreach (var text in (ReadOnlySpan<StringBuilder>)[content, reasoning, refusal, transcript])
        {
            text.Clear();
        }

        (calls, audioId, pieces, byDeltas) = (new StreamedToolCalls(), null, 0, false);
    }

    private void AddText(string? piece, bool isLast)
    {
        if (!string.IsNullOrEmpty(piece) && !(isLast && Texts.IsSaidAgain(content, pieces, piece)))
        {
            content.Append(piece);
            pieces++;
        }
    }

    private void AddChoice(JsonElement choice)
    {
        spoke = true;
        stop = choice.Word("finish_reason"u8) ?? stop;
        // Snowflake's finish reason is the empty string.
        stopped = stop is not null || choice.Text("finish_reason"u8) is not null;
        error ??= WireError.Inside(choice, "stream") ?? ChatDocument.Failure(stop, "stream");
        AddText(choice.Text("text"u8), isLast: choice.Word("finish_reason"u8) is not null);
        if (choice.ObjectMember("delta"u8) is { } delta)
        {
            AddPiece(delta, isLast: choice.Word("finish_reason"u8) is not null);
            byDeltas |= HasWords;
        }

        if (choice.ObjectMember("message"u8) is { } message)
        {
            AddMessage(message, isBesideDelta: choice.ObjectMember("delta"u8) is not null);
        }
    }

    /// <summary>Some servers call their deltas messages; where there were deltas, a message is the whole of them once more (Perplexity sends both).</summary>
    private void AddMessage(JsonElement message, bool isBesideDelta)
    {
        if (isBesideDelta ? byDeltas || !stopped : byDeltas && ChatContent.Text(message.Member("content"u8)) is null or "" && !message.Items("tool_calls"u8).Any())
        {
            return;
        }

        if (byDeltas)
        {
            ForgetWords();
        }

        AddPiece(message, isLast: false);
    }

    private void AddPiece(JsonElement delta, bool isLast)
    {
        role ??= delta.Text("role"u8) is { Length: > 0 } given ? given : null;
        AddText(ChatContent.Text(delta.Member("content"u8)), isLast);
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
