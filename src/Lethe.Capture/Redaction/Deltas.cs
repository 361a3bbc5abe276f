using System.Collections.Frozen;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lethe.Capture.Redaction;

/// <summary>Finds the pieces of growing texts in an event of a stream, in whatever dialect: strings of known names, told apart by where they stand and by the indices beside them.</summary>
internal static class Deltas
{
    private const int DepthMax = 64;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = DepthMax };

    private static readonly FrozenSet<string> Names = (
        "text thinking partial_json content reasoning_content reasoning reasoning_text cot_summary arguments refusal delta input transcript summary diff code "
        + "output_text completion response message output command").Split(' ').ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Calls for each piece with the text that it belongs to, and where its characters stand in <paramref name="json"/>. False when it is not one JSON object.</summary>
    public static bool TryFind(ReadOnlyMemory<byte> json, Action<string, int, int> found)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return false;
            }

            Walk(document.RootElement, "", json, found);
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // No JSON, or a name that holds half of a surrogate pair.
            return false;
        }
    }

    private static void Walk(JsonElement element, string place, ReadOnlyMemory<byte> json, Action<string, int, int> found)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            var at = 0;
            foreach (var item in element.EnumerateArray())
            {
                Walk(item, place + "[" + at++.ToString(CultureInfo.InvariantCulture), json, found);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in element.EnumerateObject())
            {
                if (member.NameEquals("type"u8) || member.Name.EndsWith("index", StringComparison.Ordinal))
                {
                    place += $"/{member.Name}={member.Value.GetRawText()}";
                }
            }

            foreach (var member in element.EnumerateObject())
            {
                if (member.Value.ValueKind != JsonValueKind.String)
                {
                    Walk(member.Value, place + "." + member.Name, json, found);
                }
                else if (Names.Contains(member.Name))
                {
                    var raw = JsonMarshal.GetRawUtf8Value(member.Value);
                    _ = json.Span.Overlaps(raw, out var offset);
                    found(place + "." + member.Name, offset + 1, raw.Length - 2);
                }
            }
        }
    }
}
