using System.Globalization;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Exporting;

/// <summary>The arguments of a tool's call as a JSON object.</summary>
internal static class ToolInput
{
    /// <summary>What a model wrote that is no object stands in one, under <c>arguments</c>.</summary>
    public static void Write(Utf8JsonWriter json, string arguments)
    {
        using var document = Fields.Parse(Encoding.UTF8.GetBytes(arguments));
        if (document is { RootElement.ValueKind: JsonValueKind.Object })
        {
            json.WriteRawValue(OnOneLine(arguments), skipInputValidation: true);
            return;
        }

        json.WriteStartObject();
        if (arguments.Length > 0)
        {
            json.WriteString("arguments", arguments);
        }

        json.WriteEndObject();
    }

    // In JSON an end of line stands between words only, and what is no ASCII in strings only. Escapes of half a character, which .NET writes no more, stay as they are.
    private static string OnOneLine(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (character is '\n' or '\r' or '\t')
            {
                line.Append(' ');
            }
            else if (char.IsAscii(character) && !char.IsControl(character))
            {
                line.Append(character);
            }
            else
            {
                line.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            }
        }

        return line.ToString();
    }
}
