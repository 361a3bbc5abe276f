using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;

namespace Lethe.Capture.Decoding.OpenAIRealtime;

/// <summary>
/// A call is from <c>response.created</c> to <c>response.done</c>, whoever asked for it. Its request is put together from what the client and the server said since the last
/// one: <c>{"model","instructions","tools","input":[items],"response":…}</c>, of sound only its size or its transcript. Where a transcription was paid for, by another model
/// at its own price, it is a call too: <c>{"type":"transcription","model","item_id"}</c>.
/// </summary>
internal sealed class RealtimeSocket : ISocketTurns
{
    /// <summary>Items that a client may create before it asks for an answer; the rest is left out of the request.</summary>
    private const int ItemsMax = 10_000;

    private readonly List<byte[]> items = [];
    private byte[]? session;
    private byte[]? asked;
    private string? transcript;
    private long soundBytes;

    public SocketStep FromClient(JsonElement json, ReadOnlyMemory<byte> message)
    {
        switch (json.Text("type"u8))
        {
            case "conversation.item.create" when json.ObjectMember("item"u8) is { } item && items.Count < ItemsMax:
                items.Add(SoundSizes.Strip(item, item.Slice(message)).ToArray());
                break;
            case "input_audio_buffer.append":
                soundBytes += SoundSizes.BytesOf(json.Text("audio"u8));
                break;
            case "input_audio_buffer.clear":
                soundBytes = 0;
                break;
            case "response.create":
                asked = json.ObjectMember("response"u8) is { } response ? response.Slice(message).ToArray() : "{}"u8.ToArray();
                break;
        }

        return default;
    }

    public SocketStep FromServer(JsonElement json, ReadOnlyMemory<byte> message)
    {
        var lane = json.ObjectMember("response"u8)?.Word("id"u8) ?? json.Word("response_id"u8) ?? "";
        switch (json.Text("type"u8))
        {
            case "session.created" or "session.updated" when json.ObjectMember("session"u8) is { } told:
                session = told.Slice(message).ToArray();
                return default;
            case "conversation.item.input_audio_transcription.completed":
                transcript = json.Text("transcript"u8);
                return json.ObjectMember("usage"u8) is null
                    ? new SocketStep(SocketMove.Says, Said: message)
                    : new SocketStep(SocketMove.Begins | SocketMove.Says | SocketMove.Ends, "transcription", Transcription(json.Word("item_id"u8)), message);
            case "response.created":
                return new SocketStep(SocketMove.Begins | SocketMove.Says, lane, Request(), message);
            case "response.done":
                return new SocketStep(SocketMove.Says | SocketMove.Ends, lane, Said: message);
            case "error" when asked is not null:
                return new SocketStep(SocketMove.Begins | SocketMove.Says | SocketMove.Ends, "error", Request(), message);
            case "conversation.item.added" or "conversation.item.created" or "conversation.item.done" or "ping":
                return default;
            default:
                return new SocketStep(SocketMove.Says, lane, Said: SoundSizes.Strip(json, message));
        }
    }

    private byte[] Request()
    {
        var request = RawMessage.Write(Write);
        items.Clear();
        (asked, transcript, soundBytes) = (null, null, 0);
        return request;
    }

    private byte[] Transcription(string? item)
    {
        using var settings = session is null ? null : JsonReading.TryParse(session);
        var told = settings?.RootElement.ObjectMember("audio"u8)?.ObjectMember("input"u8)?.ObjectMember("transcription"u8)
            ?? settings?.RootElement.ObjectMember("input_audio_transcription"u8);
        return RawMessage.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "transcription"u8);
            writer.WriteString("model"u8, told?.Word("model"u8));
            writer.WriteString("item_id"u8, item);
            writer.WriteEndObject();
        });
    }

    private void Write(Utf8JsonWriter writer)
    {
        using var settings = session is null ? null : JsonReading.TryParse(session);
        writer.WriteStartObject();
        Copy(writer, settings?.RootElement, "model");
        Copy(writer, settings?.RootElement, "instructions");
        Copy(writer, settings?.RootElement, "tools");
        writer.WriteStartArray("input"u8);
        foreach (var item in items)
        {
            writer.WriteRawValue(item, skipInputValidation: true);
        }

        if (soundBytes > 0)
        {
            WriteSound(writer);
        }

        writer.WriteEndArray();
        if (asked is not null)
        {
            writer.WritePropertyName("response"u8);
            writer.WriteRawValue(asked, skipInputValidation: true);
        }

        writer.WriteEndObject();
    }

    private void WriteSound(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "message"u8);
        writer.WriteString("role"u8, "user"u8);
        writer.WriteStartArray("content"u8);
        writer.WriteStartObject();
        writer.WriteString("type"u8, "input_audio"u8);
        writer.WriteNumber("audio_bytes"u8, soundBytes);
        if (transcript is not null)
        {
            writer.WriteString("transcript"u8, transcript);
        }

        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Copy(Utf8JsonWriter writer, JsonElement? settings, string name)
    {
        if (settings is { ValueKind: JsonValueKind.Object } all && all.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
        {
            writer.WritePropertyName(name);
            writer.Raw(value);
        }
    }
}
