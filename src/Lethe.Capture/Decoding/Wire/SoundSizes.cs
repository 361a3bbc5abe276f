using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.Wire;

/// <summary>Messages without their sound: what is said in base64 is kept by its size.</summary>
internal static class SoundSizes
{
    private const int SoundCharsMin = 64;

    /// <summary>How many bytes a base64 text stands for; 0 for none.</summary>
    public static long BytesOf(string? base64) => base64 is null ? 0 : base64.AsSpan().TrimEnd('=').Length * 3L / 4;

    /// <summary>
    /// The message with <c>"x_bytes": n</c> for each long text <c>x</c> that is called <c>data</c> or <c>audio</c>, or is the delta of an audio event. What says of itself that it is
    /// something else than sound stays.
    /// </summary>
    public static ReadOnlyMemory<byte> Strip(JsonElement json, ReadOnlyMemory<byte> message) =>
        Holds(json) ? RawMessage.Write(writer => Write(writer, json)) : message;

    private static bool Holds(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in json.EnumerateArray())
            {
                if (Holds(item))
                {
                    return true;
                }
            }
        }
        else if (json.ValueKind == JsonValueKind.Object)
        {
            if (IsOther(json))
            {
                return false;
            }

            var isAudio = IsAudio(json);
            foreach (var member in json.EnumerateObject())
            {
                if (IsSound(member, isAudio) || Holds(member.Value))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static void Write(Utf8JsonWriter writer, JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Array)
        {
            writer.WriteStartArray();
            foreach (var item in json.EnumerateArray())
            {
                Write(writer, item);
            }

            writer.WriteEndArray();
        }
        else if (json.ValueKind == JsonValueKind.Object && !IsOther(json))
        {
            var isAudio = IsAudio(json);
            writer.WriteStartObject();
            foreach (var member in json.EnumerateObject())
            {
                if (IsSound(member, isAudio))
                {
                    writer.WriteNumber(member.Name + "_bytes", BytesOf(member.Value.GetString()));
                }
                else
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }
            }

            writer.WriteEndObject();
        }
        else
        {
            writer.Raw(json);
        }
    }

    private static bool IsOther(JsonElement json) =>
        (json.Text("mimeType"u8) ?? json.Text("mime_type"u8)) is { } type && !type.StartsWith("audio/", StringComparison.OrdinalIgnoreCase);

    private static bool IsAudio(JsonElement json) => json.Text("type"u8)?.EndsWith("audio.delta", StringComparison.Ordinal) == true;

    private static bool IsSound(JsonProperty member, bool isAudio) =>
        member.Value.ValueKind == JsonValueKind.String
        && (isAudio ? member.NameEquals("delta"u8) : member.NameEquals("data"u8) || member.NameEquals("audio"u8))
        && (isAudio || member.Value.GetRawText().Length > SoundCharsMin);
}
