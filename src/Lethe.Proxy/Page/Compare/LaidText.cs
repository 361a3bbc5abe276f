using System.Text.Encodings.Web;
using System.Text.Json;

namespace Lethe.Proxy.Page.Compare;

/// <summary>A part of a prompt (JSON), laid out so that it can be compared line by line: a line end within a string ends the line here too.</summary>
internal static class LaidText
{
    private static readonly JsonSerializerOptions Laid = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 1000 };

    public static string? Of(string? json)
    {
        if (json is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
            return JsonSerializer.Serialize(document.RootElement, Laid).Replace("\\n", "\\n\n", StringComparison.Ordinal);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Half a character, which .NET reads and does not write.
            return json;
        }
    }
}
