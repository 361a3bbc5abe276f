using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.OpenAIRealtime;

/// <summary>Items of a Realtime conversation, which are those of the Responses API but for what was spoken.</summary>
internal static class RealtimeItems
{
    /// <summary>The item with the transcript of each spoken part as a text.</summary>
    public static byte[] WithWords(JsonElement item) => RawMessage.Write(writer =>
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            writer.Raw(item);
            return;
        }

        writer.WriteStartObject();
        foreach (var member in item.EnumerateObject())
        {
            writer.WritePropertyName(member.Name);
            if (member.NameEquals("content"u8) && member.Value.ValueKind == JsonValueKind.Array)
            {
                writer.WriteStartArray();
                foreach (var part in member.Value.EnumerateArray())
                {
                    WritePart(writer, part);
                }

                writer.WriteEndArray();
            }
            else
            {
                writer.Raw(member.Value);
            }
        }

        writer.WriteEndObject();
    });

    private static void WritePart(Utf8JsonWriter writer, JsonElement part)
    {
        if (part.Text("transcript"u8) is not { } words)
        {
            writer.Raw(part);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("type"u8, part.Is("type"u8, "input_audio"u8) ? "input_text"u8 : "output_text"u8);
        writer.WriteString("text"u8, words);
        writer.WriteEndObject();
    }
}
