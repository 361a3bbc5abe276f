using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Lethe.Capture.Redaction;

/// <summary>Codex's header about a turn: ids, and the user's prompt beside them.</summary>
internal static class TurnMetadata
{
    public static bool Is(string name) => name.Equals("x-codex-turn-metadata", StringComparison.OrdinalIgnoreCase);

    /// <summary>The members that name something, where what was said is not to be kept; empty when the value is not one JSON object.</summary>
    public static string IdsOnly(string value)
    {
        try
        {
            using var document = JsonDocument.Parse(value);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return "";
            }

            var ids = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(ids))
            {
                writer.WriteStartObject();
                foreach (var member in document.RootElement.EnumerateObject())
                {
                    if (member.Name.EndsWith("_id", StringComparison.Ordinal) || member.Name is "request_kind" or "agent_name")
                    {
                        member.WriteTo(writer);
                    }
                }

                writer.WriteEndObject();
            }

            return Encoding.UTF8.GetString(ids.WrittenSpan);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return "";
        }
    }
}
