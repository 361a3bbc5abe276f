using System.Text;
using System.Text.Json;

namespace Lethe.Capture.Decoding.Json;

/// <summary>Tool arguments as JSON text, whatever the model wrote.</summary>
internal static class ToolArguments
{
    /// <summary>The text itself when it is one JSON value, else a JSON string of it (arguments cut by a length limit, free-form input).</summary>
    public static string FromText(string? text)
    {
        text ??= "";
        using var document = JsonReading.TryParse(Encoding.UTF8.GetBytes(text));
        return document is null ? Quote(text) : text.Trim();
    }

    /// <summary>A value that is arguments already, or a string that holds them.</summary>
    public static string FromValue(JsonElement? value) => value switch
    {
        null => Quote(""),
        { ValueKind: JsonValueKind.String } text => FromText(text.GetString()),
        { } other => other.GetRawText(),
    };

    public static string Quote(string text) => Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(text, ToolArgumentsJson.Default.String));
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class ToolArgumentsJson : System.Text.Json.Serialization.JsonSerializerContext;
