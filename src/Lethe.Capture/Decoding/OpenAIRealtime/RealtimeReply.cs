using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Counts;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Media;
using Lethe.Capture.Decoding.OpenAIResponses;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIRealtime;

/// <summary>
/// Puts an answer of the Realtime API together: the items of <c>response.done</c>, or what was told of them before the connection was cut. Of a transcription only what it
/// used is told, for its words are the user's.
/// </summary>
internal sealed class RealtimeReply(string vendor) : IReply
{
    private readonly List<ReadOnlyMemory<byte>> told = [];
    private readonly StringBuilder saying = new();
    private List<ReadOnlyMemory<byte>>? output;
    private string? id;
    private string? model;
    private string? stop;
    private Usage? usage;
    private ExchangeError? error;
    private bool isTranscribed;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        switch (json.Text("type"u8))
        {
            case "response.created" when json.ObjectMember("response"u8) is { } response:
                Identify(response);
                break;
            case "response.output_text.delta" or "response.text.delta" or "response.output_audio_transcript.delta" or "response.audio_transcript.delta":
                saying.Append(json.Text("delta"u8));
                break;
            case "response.output_item.done" when json.ObjectMember("item"u8) is { } item:
                told.Add(RealtimeItems.WithWords(item));
                saying.Clear();
                break;
            case "response.done" when json.ObjectMember("response"u8) is { } response:
                End(json, response);
                break;
            case "conversation.item.input_audio_transcription.completed" when id is null && MediaUsage.Find(json, vendor) is { } heard:
                (usage, isTranscribed) = (heard, true);
                break;
            case "error":
                error ??= WireError.Read(json, "stream");
                break;
        }
    }

    public Answer Finish(ReplyEnd end)
    {
        if (output is null && saying.Length > 0)
        {
            told.Add(RawMessage.Write(WriteSaid));
        }

        return ResponsesDocument.ReadItems(output is { Count: > 0 } ? output : told) with
        {
            Id = id,
            Model = model,
            Stop = stop,
            Usage = usage,
            Error = error,
            Complete = (output is not null || isTranscribed) && error is null,
        };
    }

    private void End(JsonElement json, JsonElement response)
    {
        Identify(response);
        output = [];
        foreach (var item in response.Items("output"u8))
        {
            output.Add(RealtimeItems.WithWords(item));
        }

        stop = response.ObjectMember("status_details"u8)?.Word("reason"u8) ?? response.Word("status"u8);
        usage = Read(response.ObjectMember("usage"u8)) ?? Read(json.ObjectMember("usage"u8));
        if (response.Is("status"u8, "failed"u8))
        {
            error ??= (response.ObjectMember("status_details"u8) is { } details ? WireError.Read(details, "stream") : null) ?? new ExchangeError("stream", "failed", null, null);
        }
    }

    private void Identify(JsonElement response)
    {
        id = response.Word("id"u8) ?? id;
        model = response.Word("model"u8) ?? model;
    }

    private static Usage? Read(JsonElement? told)
    {
        if (told is not { } usage || (usage.Count("input_tokens"u8) is null && usage.Count("output_tokens"u8) is null))
        {
            return null;
        }

        var input = usage.ObjectMember("input_token_details"u8);
        var output = usage.ObjectMember("output_token_details"u8);
        return new TokenCounts { Input = usage.Count("input_tokens"u8), CacheRead = input.Count("cached_tokens"u8), Output = usage.Count("output_tokens"u8) }.ToUsage() with
        {
            AudioInput = input.Count("audio_tokens"u8),
            AudioCacheRead = input.Member("cached_tokens_details"u8).Count("audio_tokens"u8),
            ImageInput = input.Count("image_tokens"u8),
            ImageCacheRead = input.Member("cached_tokens_details"u8).Count("image_tokens"u8),
            AudioOutput = output.Count("audio_tokens"u8),
            ReportedJson = Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(usage)),
            Final = true,
        };
    }

    private void WriteSaid(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "message"u8);
        writer.WriteString("role"u8, "assistant"u8);
        writer.WriteStartArray("content"u8);
        writer.WriteStartObject();
        writer.WriteString("type"u8, "output_text"u8);
        writer.Text("text"u8, saying);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
