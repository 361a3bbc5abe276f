using System.Text;
using System.Text.Json;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.IngestApi;

/// <summary>Fields of producers' JSON. Of a name that stands twice the last counts; null and absent are the same.</summary>
internal static class Fields
{
    public const int DepthMax = 128;
    public const int IdCharsMax = 256;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = DepthMax };

    /// <summary>Null when it is not one JSON object.</summary>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            var document = JsonDocument.Parse(json, Options);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
        }
        catch (JsonException)
        {
            // Not JSON is no bug: it is said in the answer.
            return null;
        }

        return null;
    }

    /// <summary>Why that is not one JSON object that can be read.</summary>
    public static Refusal WhyNot(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = int.MaxValue });
        var deepest = 0;
        try
        {
            while (reader.Read())
            {
                deepest = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray ? Math.Max(deepest, reader.CurrentDepth) : deepest;
            }
        }
        catch (JsonException)
        {
            // Not JSON is no bug: it is said in the answer.
            deepest = 0;
        }

        return deepest >= DepthMax
            ? Refusal.Rule("too_deep", $"Nested {DepthMax} deep at most.")
            : Refusal.Malformed("bad_json", "One JSON object.");
    }

    public static JsonElement? Field(this JsonElement holder, string name) =>
        JsonWord.Member(holder, name) is { ValueKind: not JsonValueKind.Null } value ? value : null;

    /// <summary>An optional text that stands for somebody or something: bounded, free of control characters, whole Unicode.</summary>
    /// <returns>False when it is there and no such text.</returns>
    public static bool TryText(this JsonElement holder, string name, int charsMax, out string? text, bool allowsControl = false)
    {
        text = null;
        if (holder.Field(name) is not { } value)
        {
            return true;
        }

        try
        {
            text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair names nobody.
            return false;
        }

        return text is not null && text.Length <= charsMax && (allowsControl || !text.Any(char.IsControl));
    }

    /// <summary>An optional number that is not negative, and that a counter can hold.</summary>
    public static bool IsCount(this JsonElement holder, string name) =>
        holder.Field(name) is not { } value || (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) && count is >= 0 and < 1_000_000_000_000_000);

    public static bool IsKind(this JsonElement holder, string name, params ReadOnlySpan<JsonValueKind> kinds) => holder.Field(name) is not { } value || kinds.Contains(value.ValueKind);

    public static byte[] Raw(JsonElement value) => Encoding.UTF8.GetBytes(value.GetRawText());
}
