using System.Text.Encodings.Web;
using System.Text.Json;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>A system prompt, or a list of tools, as a person reads it.</summary>
internal static class PromptWords
{
    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = 256 };
    private static readonly JsonSerializerOptions Laid = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 256 };

    /// <summary>What is said in it; tools, which say nothing, as JSON laid out.</summary>
    /// <param name="json">As <see cref="StoreReader.Blob"/> gives it.</param>
    public static string Of(byte[] json)
    {
        using var document = JsonDocument.Parse(json, AnyDepth);
        var root = document.RootElement;
        return root.ValueKind == JsonValueKind.Array && root.EnumerateArray().Any(part => NameOf(part) is not null)
            ? string.Join("\n\n", root.EnumerateArray().Select(part => $"{NameOf(part)}\n{Laying(part)}"))
            : MessageBlocks.TextOf(root) is { Length: > 0 } text ? text : Laying(root);
    }

    /// <summary>What a tool of any dialect is called; null where it is none.</summary>
    public static string? NameOf(JsonElement part) =>
        JsonWord.Of(part, "name") ?? (JsonWord.Member(part, "function") is { } function ? JsonWord.Of(function, "name") : null) ?? (JsonWord.Member(part, "toolSpec") is { } spec ? JsonWord.Of(spec, "name") : null);

    /// <summary>As JSON, laid out.</summary>
    public static string Laying(JsonElement part)
    {
        try
        {
            return JsonSerializer.Serialize(part, Laid);
        }
        catch (InvalidOperationException)
        {
            // It holds half a character, which .NET does not write again.
            return part.GetRawText();
        }
    }
}
