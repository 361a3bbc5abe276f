using System.Text.Encodings.Web;
using System.Text.Json;

namespace Lethe.Capture.Decoding;

/// <summary>Compact JSON with sorted keys, so that equal content is equal bytes however a client spells it.</summary>
internal static class ContentJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = JsonReading.DepthMax + 8 };

    /// <summary>Marks that move or change between requests without changing what was said.</summary>
    private static readonly HashSet<string> Marks = new(StringComparer.Ordinal) { "cache_control", "citations" };

    /// <summary>The value whole, keys sorted; <c>cache_control</c> of the value or of its direct elements is left out.</summary>
    public static byte[] Write(JsonElement value) => Write(value, Marks);

    /// <summary>An object's members but for nulls and the names in <paramref name="without"/>, as text.</summary>
    public static string WriteBlock(JsonElement block, params ReadOnlySpan<string> without)
    {
        HashSet<string> dropped = new(Marks, StringComparer.Ordinal);
        foreach (var name in without)
        {
            dropped.Add(name);
        }

        return System.Text.Encoding.UTF8.GetString(Write(block, dropped));
    }

    private static byte[] Write(JsonElement value, HashSet<string> dropped)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            if (value.ValueKind == JsonValueKind.Array)
            {
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item, dropped);
                }

                writer.WriteEndArray();
            }
            else
            {
                Write(writer, value, dropped);
            }
        }

        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, HashSet<string>? dropped)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(writer, value, dropped);
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item, null);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(value.GetString());
                break;
            default:
                writer.WriteRawValue(value.GetRawText());
                break;
        }
    }

    private static void WriteObject(Utf8JsonWriter writer, JsonElement value, HashSet<string>? dropped)
    {
        // The last of duplicate keys wins, as in every JSON reader that the APIs use.
        SortedDictionary<string, JsonElement> members = new(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            members[member.Name] = member.Value;
        }

        writer.WriteStartObject();
        foreach (var (name, member) in members)
        {
            if (dropped is not null && (member.ValueKind == JsonValueKind.Null || dropped.Contains(name)))
            {
                continue;
            }

            writer.WritePropertyName(name);
            Write(writer, member, null);
        }

        writer.WriteEndObject();
    }
}
