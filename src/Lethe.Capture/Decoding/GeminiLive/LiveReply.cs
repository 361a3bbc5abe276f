using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Gemini;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.GeminiLive;

/// <summary>Puts an answer of Gemini Live together: its words, or the transcript of what it spoke, its thoughts, its calls of functions.</summary>
internal sealed class LiveReply : IReply
{
    private readonly ReplyParts parts = new();
    private readonly MergedObject usage = new();
    private long soundBytes;
    private string? soundType;
    private string? stop;
    private bool isInterrupted;
    private ExchangeError? error;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        error ??= WireError.Inside(json, "stream");
        usage.MergeCounts(json.ObjectMember("usageMetadata"u8) ?? json.ObjectMember("usage_metadata"u8));
        if (LiveMessage.ToolCall(json) is { } asked)
        {
            foreach (var call in LiveMessage.FunctionCalls(asked))
            {
                Take(RawMessage.Write(writer => WriteCall(writer, call)));
            }
        }

        if (LiveMessage.ServerContent(json) is { } content)
        {
            Take(content);
        }
    }

    public Answer Finish(ReplyEnd end)
    {
        if (parts.IsEmpty && soundBytes > 0)
        {
            Take(RawMessage.Write(WriteSound));
        }

        using var counts = usage.IsEmpty ? null : JsonReading.TryParse(usage.ToJson());
        return (parts.IsEmpty ? Answer.None : GeminiContent.ReadReply(parts.WriteMessage())) with
        {
            Reasoning = parts.Thoughts,
            Stop = stop,
            Usage = counts is null ? null : GeminiUsage.Read(counts.RootElement, final: stop is not null),
            Error = error,
            Complete = stop is not null && error is null,
        };
    }

    private void Take(JsonElement content)
    {
        if ((content.ObjectMember("modelTurn"u8) ?? content.ObjectMember("model_turn"u8)) is { } said)
        {
            TakeSaid(said);
        }

        if ((content.Member("outputTranscription"u8) ?? content.Member("output_transcription"u8)).Text("text"u8) is { Length: > 0 } spoken)
        {
            parts.Say(spoken);
        }

        isInterrupted |= content.IsTrue("interrupted"u8);
        if (LiveMessage.IsTurnComplete(content))
        {
            stop = content.Word("turnCompleteReason"u8) ?? (isInterrupted ? "interrupted" : "turnComplete");
        }
    }

    // Sound comes in very many parts, of which the sum is kept.
    private void TakeSaid(JsonElement content)
    {
        if (content.Items("parts"u8).Any(part => Sound(part) is not null))
        {
            foreach (var part in content.Items("parts"u8))
            {
                if (Sound(part) is { } sound)
                {
                    soundType = sound.Text("mimeType"u8);
                    soundBytes += sound.Count("data_bytes"u8) ?? SoundSizes.BytesOf(sound.Text("data"u8));
                }
                else
                {
                    Take(RawMessage.Write(writer => WritePart(writer, part)));
                }
            }
        }
        else
        {
            parts.Take(content);
        }
    }

    private void Take(byte[] content)
    {
        using var read = JsonReading.TryParseAssembled(content);
        if (read is not null)
        {
            parts.Take(read.RootElement);
        }
    }

    private static JsonElement? Sound(JsonElement part) =>
        part.ObjectMember("inlineData"u8) is { } data && data.Text("mimeType"u8)?.StartsWith("audio/", StringComparison.OrdinalIgnoreCase) == true ? data : null;

    private void WriteSound(Utf8JsonWriter writer)
    {
        WritePart(writer, () =>
        {
            writer.WriteStartObject();
            writer.WriteStartObject("inlineData"u8);
            writer.WriteString("mimeType"u8, soundType);
            writer.WriteNumber("data_bytes"u8, soundBytes);
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    }

    private static void WriteCall(Utf8JsonWriter writer, JsonElement call) => WritePart(writer, () =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("functionCall"u8);
        writer.Raw(call);
        writer.WriteEndObject();
    });

    private static void WritePart(Utf8JsonWriter writer, JsonElement part) => WritePart(writer, () => writer.Raw(part));

    private static void WritePart(Utf8JsonWriter writer, Action part)
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, "model"u8);
        writer.WriteStartArray("parts"u8);
        part();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
