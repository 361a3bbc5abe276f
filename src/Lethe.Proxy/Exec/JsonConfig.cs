using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lethe.Proxy.Exec;

/// <summary>Reads agents' JSON files, comments and trailing commas included. What is not JSON counts as not there, as the agent will say itself.</summary>
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
            return JsonNode.Parse(text, documentOptions: Lenient) as JsonObject;
        }
        catch (JsonException)
        {
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
