using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lethe.Capture.Decoding.Json;

/// <summary>A JSON object told in instalments: each member's last non-null value wins, order of first mention is kept.</summary>
internal sealed class MergedObject
{
    private readonly Dictionary<string, byte[]> members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MergedObject> parts = new(StringComparer.Ordinal);

    public bool IsEmpty => members.Count == 0;

    public void Merge(JsonElement? part)
    {
        if (part is not { ValueKind: JsonValueKind.Object } values)
        {
            return;
        }

        foreach (var member in values.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                members[member.Name] = JsonMarshal.GetRawUtf8Value(member.Value).ToArray();
            }
        }
    }

    /// <summary>Merges counts, at any depth. They only grow, so a zero that contradicts an earlier count is no count.</summary>
    public void MergeCounts(JsonElement? part)
    {
        if (part is not { ValueKind: JsonValueKind.Object } values)
        {
            return;
        }

        foreach (var member in values.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Object)
            {
                if (!parts.TryGetValue(member.Name, out var counts))
                {
                    parts[member.Name] = counts = new MergedObject();
                }

                counts.MergeCounts(member.Value);
                members[member.Name] = counts.ToJson();
            }
            else if (member.Value.ValueKind != JsonValueKind.Null && !(IsZero(member.Value) && members.ContainsKey(member.Name)))
            {
                members[member.Name] = JsonMarshal.GetRawUtf8Value(member.Value).ToArray();
            }
        }
    }

    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in members)
            {
                writer.WritePropertyName(name);
                writer.WriteRawValue(value, skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static bool IsZero(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number == 0;
}
