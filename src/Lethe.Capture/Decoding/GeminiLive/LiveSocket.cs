using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;

namespace Lethe.Capture.Decoding.GeminiLive;

/// <summary>
/// A call is from the client's last word, or from the server's first where the client only speaks, to <c>turnComplete</c>, and
/// what it used, where that is told behind it. Its request is put together from what the client said
/// since the last one: <c>{"model","systemInstruction","tools","generationConfig","contents":[…]}</c>, of sound only its size or its transcript. What sets the session up is no call.
/// </summary>
internal sealed class LiveSocket : ISocketTurns
{
    /// <summary>What a client may say before it is answered; the rest is left out of the request.</summary>
    private const int ContentsMax = 10_000;

    private static readonly string[] Settings = ["model", "systemInstruction", "system_instruction", "tools", "generationConfig", "generation_config"];

    private readonly List<byte[]> contents = [];
    private readonly StringBuilder transcript = new();
    private byte[]? setup;
    private string? soundType;
    private long soundBytes;
    private bool isOpen;
    private bool isCounted;
    private bool isComplete;

    public SocketStep FromClient(JsonElement json, ReadOnlyMemory<byte> message)
    {
        if (LiveMessage.Setup(json) is { } told)
        {
            setup = told.Slice(message).ToArray();
        }
        else if (LiveMessage.RealtimeInput(json) is { } input)
        {
            Hear(input);
        }
        else if (LiveMessage.ToolResponse(json) is { } response)
        {
            Add(RawMessage.Write(writer => WriteResults(writer, response)));
        }
        else if (LiveMessage.ClientContent(json) is { } content)
        {
            foreach (var turn in content.ObjectMember("turns"u8) is { } only ? [only] : content.Items("turns"u8).ToArray())
            {
                Add(SoundSizes.Strip(turn, turn.Slice(message)).ToArray());
            }

            return LiveMessage.IsTurnComplete(content) && !isOpen ? new SocketStep(SocketMove.Begins, Request: Begin()) : default;
        }

        return default;
    }

    public SocketStep FromServer(JsonElement json, ReadOnlyMemory<byte> message)
    {
        var content = LiveMessage.ServerContent(json);
        var counts = (json.ObjectMember("usageMetadata"u8) ?? json.ObjectMember("usage_metadata"u8)) is not null;
        if (isComplete && counts && !IsAnswer(json, content))
        {
            isComplete = false;
            return new SocketStep(SocketMove.Says | SocketMove.Ends, Said: message);
        }

        var begins = !isOpen && IsAnswer(json, content);
        if (!isOpen && !begins)
        {
            transcript.Append(Transcription(content));
            return default;
        }

        var request = begins ? Begin() : default;
        var ends = json.Member("error"u8) is not null || (content is { } said && LiveMessage.IsTurnComplete(said));
        isOpen = !ends;
        isCounted |= counts;
        isComplete = ends && !isCounted && json.Member("error"u8) is null;
        var end = isComplete ? SocketMove.Completes : ends ? SocketMove.Ends : SocketMove.None;
        return new SocketStep((begins ? SocketMove.Begins : SocketMove.None) | SocketMove.Says | end, Request: request, Said: SoundSizes.Strip(json, message));
    }

    private static string? Transcription(JsonElement? content) =>
        (content.Member("inputTranscription"u8) ?? content.Member("input_transcription"u8)).Text("text"u8);

    // What was heard of the client is no answer yet.
    private static bool IsAnswer(JsonElement json, JsonElement? content) =>
        LiveMessage.ToolCall(json) is not null || json.Member("error"u8) is not null
        || (content is { } said && said.EnumerateObject().Any(member => !member.NameEquals("inputTranscription"u8) && !member.NameEquals("input_transcription"u8)));

    private void Hear(JsonElement input)
    {
        if (input.Text("text"u8) is { Length: > 0 } words)
        {
            Add(RawMessage.Write(writer => WriteContent(writer, () => writer.WriteString("text"u8, words))));
        }

        Hear(input.ObjectMember("audio"u8));
        foreach (var chunk in (input.Member("mediaChunks"u8) ?? input.Member("media_chunks"u8)) is { ValueKind: JsonValueKind.Array } chunks ? chunks.EnumerateArray() : default)
        {
            Hear(chunk);
        }
    }

    private void Hear(JsonElement? sound)
    {
        if (sound is { } heard && (heard.Text("mimeType"u8) ?? heard.Text("mime_type"u8) ?? "audio/pcm") is { } type && type.StartsWith("audio/", StringComparison.OrdinalIgnoreCase))
        {
            (soundType, soundBytes) = (type, soundBytes + SoundSizes.BytesOf(heard.Text("data"u8)));
        }
    }

    private void Add(byte[] content)
    {
        if (contents.Count < ContentsMax)
        {
            contents.Add(content);
        }
    }

    private byte[] Begin()
    {
        (isOpen, isCounted, isComplete) = (true, false, false);
        var request = RawMessage.Write(Write);
        contents.Clear();
        transcript.Clear();
        soundBytes = 0;
        return request;
    }

    private void Write(Utf8JsonWriter writer)
    {
        using var settings = setup is null ? null : JsonReading.TryParse(setup);
        writer.WriteStartObject();
        foreach (var name in Settings)
        {
            if (settings?.RootElement.Member(Encoding.UTF8.GetBytes(name)) is { } value)
            {
                writer.WritePropertyName(name);
                writer.Raw(value);
            }
        }

        writer.WriteStartArray("contents"u8);
        contents.ForEach(content => writer.WriteRawValue(content, skipInputValidation: true));
        if (soundBytes > 0 || transcript.Length > 0)
        {
            WriteContent(writer, () => WriteSound(writer));
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void WriteSound(Utf8JsonWriter writer)
    {
        if (transcript.Length > 0)
        {
            writer.Text("text"u8, transcript);
            writer.WriteNumber("audio_bytes"u8, soundBytes);
            return;
        }

        writer.WriteStartObject("inlineData"u8);
        writer.WriteString("mimeType"u8, soundType);
        writer.WriteNumber("data_bytes"u8, soundBytes);
        writer.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter writer, Action part)
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, "user"u8);
        writer.WriteStartArray("parts"u8);
        writer.WriteStartObject();
        part();
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteResults(Utf8JsonWriter writer, JsonElement response)
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, "user"u8);
        writer.WriteStartArray("parts"u8);
        foreach (var result in LiveMessage.FunctionResponses(response))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("functionResponse"u8);
            writer.Raw(result);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
