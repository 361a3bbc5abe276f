using System.Text.Json;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>What a model wrote as a tool call's arguments.</summary>
internal static class ToolArguments
{
    /// <summary>The texts that stand in them by name; none where they are no JSON object.</summary>
    public static IEnumerable<string> Texts(string arguments)
    {
        try
        {
            using var document = JsonDocument.Parse(arguments);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? [.. document.RootElement.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.String).Select(member => JsonWord.Text(member.Value))]
                : [];
        }
        catch (JsonException)
        {
            // A model may write anything where arguments are expected.
            return [];
        }
    }
}
