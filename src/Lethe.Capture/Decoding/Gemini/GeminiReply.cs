using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Gemini;

/// <summary>
/// Puts a response together out of its chunks, of which a whole answer has one: each is a response with some parts more, and with counts that replace those before.
/// Of several candidates the first is the reply. A second generation that begins before the first has ended stands alone.
/// </summary>
internal sealed class GeminiReply : IReply
{
    private readonly ReplyParts all = new();
    private ReplyParts? second;
    private int chunks;
    private int changes;
    private readonly MergedObject usage = new();
    private string? model;
    private string? id;
    private string? stop;
    private ExchangeError? blocked;
    private ExchangeError? error;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        foreach (var chunk in json.ValueKind == JsonValueKind.Array ? json.EnumerateArray() : default)
        {
            Take(kind, name, chunk);
        }

        var phase = kind == FrameKind.Document ? "body" : "stream";
        var response = GeminiDialect.Unwrapped(json, "response"u8);
        error ??= WireError.Inside(response, phase);
        model = response.Word("modelVersion"u8) ?? model;
        Meet(response.Word("responseId"u8));
        usage.MergeCounts(response.ObjectMember("usageMetadata"u8) ?? response.ObjectMember("usage_metadata"u8));
        if (response.ObjectMember("promptFeedback"u8) is { } feedback && feedback.Word("blockReason"u8) is { } reason && reason != "BLOCK_REASON_UNSPECIFIED")
        {
            blocked = new ExchangeError(phase, reason, null, feedback.Text("blockReasonMessage"u8));
        }

        foreach (var candidate in response.Items("candidates"u8))
        {
            if (candidate.Count("index"u8) is null or 0)
            {
                Take(candidate);
            }
        }
    }

    public Answer Finish(ReplyEnd end)
    {
        // Where every chunk has another id, all are one answer.
        var parts = second is not null && changes + 1 < chunks ? second : all;
        var ended = stop is not null || blocked is not null;
        // A prompt that is not let through has no answer; where there is one, something of the prompt was.
        error ??= stop is null && parts.IsEmpty ? blocked : null;
        var reply = parts.IsEmpty && !(stop is not null && parts.HasSpoken) ? Answer.None : GeminiContent.ReadReply(parts.WriteMessage());
        return reply with
        {
            Model = model,
            Id = id,
            Stop = stop ?? blocked?.Type,
            Reasoning = parts.Thoughts,
            Usage = ReadUsage(ended),
            Error = error,
            Complete = ended && error is null,
        };
    }

    private void Take(JsonElement candidate)
    {
        stop = candidate.Word("finishReason"u8) is { } reason && reason != "FINISH_REASON_UNSPECIFIED" ? reason : stop;
        if (candidate.ObjectMember("content"u8) is { } content)
        {
            var isLast = candidate.Word("finishReason"u8) is not null;
            all.Take(content, isLast);
            second?.Take(content, isLast);
        }
    }

    /// <summary>Another id before the end: an intermediary that lost its upstream asked again.</summary>
    private void Meet(string? told)
    {
        chunks += told is null ? 0 : 1;
        if (told is not null && id is not null && told != id && stop is null)
        {
            changes++;
            second = new ReplyParts();
        }

        id = told ?? id;
    }

    private Usage? ReadUsage(bool ended)
    {
        using var document = usage.IsEmpty ? null : JsonReading.TryParse(usage.ToJson());
        return document is null ? null : GeminiUsage.Read(document.RootElement, final: ended);
    }
}
