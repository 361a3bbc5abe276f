using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lethe.Proxy.Exec;

/// <summary>Reads agents' JSON files, comments and trailing commas included; of a name that comes twice the last counts. What is not JSON counts as not there, as the agent will say itself.</summary>
internal static class JsonConfig
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static JsonObject? Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text, Lenient);
            return Node(document.RootElement) as JsonObject;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Not JSON, or half a character in it.
            return null;
        }
    }

    /// <summary>The members of an object at the top level whose values are strings.</summary>
    public static IEnumerable<(string Name, string Value)> Strings(string? text, string member) => Strings(Parse(text)?[member] as JsonObject ?? []);

    /// <summary>The members at the top level whose values are strings.</summary>
    public static IEnumerable<(string Name, string Value)> Members(string? text) => Strings(Parse(text) ?? []);

    /// <summary>Puts <paramref name="over"/> onto <paramref name="into"/>, object by object.</summary>
    public static void Merge(JsonObject into, JsonObject over)
    {
        foreach (var (name, value) in over)
        {
            if (value is JsonObject inner && into[name] is JsonObject existing)
            {
                Merge(existing, inner);
            }
            else
            {
                into[name] = value?.DeepClone();
            }
        }
    }

    private static JsonNode? Node(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var members = new JsonObject();
                foreach (var member in element.EnumerateObject())
                {
                    members[member.Name] = Node(member.Value);
                }

                return members;
            case JsonValueKind.Array:
                return new JsonArray([.. element.EnumerateArray().Select(Node)]);
            case JsonValueKind.String:
                return JsonValue.Create(element.GetString());
            case JsonValueKind.Null:
                return null;
            default:
                return JsonValue.Create(element.Clone());
        }
    }

    private static IEnumerable<(string Name, string Value)> Strings(JsonObject members)
    {
        foreach (var (name, value) in members)
        {
            if (value is JsonValue scalar && scalar.TryGetValue<string>(out var word))
            {
                yield return (name, word);
            }
        }
    }
}
