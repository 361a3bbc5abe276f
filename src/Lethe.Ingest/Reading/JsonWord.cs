using System.Text.Json;

namespace Lethe.Ingest.Reading;

/// <summary>Looks into JSON of any shape without a surprise: what is not there, or is of another kind, is null. Strings may hold half a character, which .NET does not read out.</summary>
public static class JsonWord
{
    public static JsonElement? Member(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        try
        {
            return element.TryGetProperty(name, out var value) ? value : null;
        }
        catch (InvalidOperationException)
        {
            // A name with half a character stands before the one that is asked for.
            return element.EnumerateObject().Where(member => IsNamed(member, name)).Select(member => (JsonElement?)member.Value).LastOrDefault();
        }
    }

    /// <summary>A member that is a string.</summary>
    public static string? Of(JsonElement element, string name) => Member(element, name) is { ValueKind: JsonValueKind.String } word ? Text(word) : null;

    /// <summary>A string's text; with its escapes where they make none.</summary>
    public static string Text(JsonElement word)
    {
        try
        {
            return word.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return word.GetRawText()[1..^1];
        }
    }

    private static bool IsNamed(JsonProperty member, string name)
    {
        try
        {
            return member.NameEquals(name);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
