using System.Text.Json;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>What a model wrote as a tool call's arguments.</summary>
internal static class ToolArguments
{
    /// <summary>What is read in them; the default where they are no JSON object.</summary>
    /// <param name="read">What it gives holds nothing of the object, which is let go.</param>
    public static T? Read<T>(string arguments, Func<JsonElement, T?> read)
    {
        try
        {
            using var document = JsonDocument.Parse(arguments);
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(document.RootElement) : default;
        }
        catch (JsonException)
        {
            // A model may write anything where arguments are expected.
            return default;
        }
    }

    /// <summary>The texts that stand in them by name; none where they are no JSON object.</summary>
    public static IReadOnlyList<string> Texts(string arguments) => Read<IReadOnlyList<string>>(
        arguments,
        all => [.. all.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.String).Select(member => JsonWord.Text(member.Value))]) ?? [];
}
