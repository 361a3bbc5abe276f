using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.Gemini;

/// <summary>
/// A function's arguments that are told value by value, each by its place (<c>$.a.b[0]</c>, RFC 9535's plainest form); what is told of one place again is appended, where it
/// is text. What a place contradicts, and what lies deeper or further on than anybody writes, is passed over.
/// </summary>
internal sealed class PartialArguments
{
    private const int DepthMax = 48;
    private const int ItemsMax = 10_000;

    private readonly JsonObject root = [];
    private long added;
    private readonly Dictionary<string, byte[]> wholes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StringBuilder> texts = new(StringComparer.Ordinal);

    /// <summary>True while more is to come.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <param name="call">A functionCall: with <c>partialArgs</c>, or with nothing when it has ended.</param>
    public void Take(JsonElement call)
    {
        IsOpen = call.IsTrue("willContinue"u8);
        foreach (var argument in call.Items("partialArgs"u8))
        {
            if (argument.Text("jsonPath"u8) is { } path && Steps(path) is { Count: > 0 and <= DepthMax } steps)
            {
                Set(path, steps, argument);
            }
        }

        foreach (var member in call.ObjectMember("args"u8) is { } whole ? whole.EnumerateObject() : default)
        {
            wholes[member.Name] = JsonMarshal.GetRawUtf8Value(member.Value).ToArray();
        }
    }

    public void WriteTo(Utf8JsonWriter writer)
    {
        foreach (var (path, text) in texts)
        {
            Put(Steps(path)!, JsonValue.Create(HalfCharacters.Join(text).ToString()));
        }

        writer.WriteStartObject();
        foreach (var (name, value) in root.Where(member => !wholes.ContainsKey(member.Key)))
        {
            writer.WritePropertyName(name);
            if (value is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                value.WriteTo(writer);
            }
        }

        foreach (var (name, value) in wholes)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(value, skipInputValidation: true);
        }

        writer.WriteEndObject();
    }

    private void Set(string path, List<object> steps, JsonElement argument)
    {
        if (argument.Text("stringValue"u8) is { } piece)
        {
            if (!texts.TryGetValue(path, out var text))
            {
                texts[path] = text = new StringBuilder();
                // It stands where it was first told of.
                Put(steps, JsonValue.Create(""));
            }

            text.Append(piece);
        }
        else if (argument.Member("numberValue"u8) is { ValueKind: JsonValueKind.Number } number)
        {
            Put(steps, JsonNode.Parse(number.GetRawText()));
        }
        else if (argument.Member("boolValue"u8) is { ValueKind: JsonValueKind.True or JsonValueKind.False } truth)
        {
            Put(steps, JsonValue.Create(truth.GetBoolean()));
        }
        else if (argument.Member("nullValue"u8) is not null)
        {
            Put(steps, null);
        }
    }

    private void Put(List<object> steps, JsonNode? value)
    {
        JsonNode at = root;
        for (var i = 0; i + 1 < steps.Count; i++)
        {
            var inner = Inside(at, steps[i]);
            if (inner is null)
            {
                inner = steps[i + 1] is int ? new JsonArray() : new JsonObject();
                if (!TrySet(at, steps[i], inner))
                {
                    return;
                }
            }

            at = inner;
        }

        TrySet(at, steps[^1], value);
    }

    private static JsonNode? Inside(JsonNode at, object step) => (at, step) switch
    {
        (JsonObject members, string name) => members[name],
        (JsonArray items, int index) => index < items.Count ? items[index] : null,
        _ => null,
    };

    private bool TrySet(JsonNode at, object step, JsonNode? value)
    {
        if (at is JsonObject members && step is string name)
        {
            members[name] = value;
            return true;
        }

        if (at is not JsonArray items || step is not int index || (added += Math.Max(0, index + 1 - items.Count)) > ItemsMax)
        {
            return false;
        }

        while (items.Count <= index)
        {
            items.Add(null);
        }

        items[index] = value;
        return true;
    }

    /// <summary>Names and numbers; null for what is no path.</summary>
    private static List<object>? Steps(string path)
    {
        if (!path.StartsWith('$'))
        {
            return null;
        }

        List<object> steps = [];
        for (var at = 1; at < path.Length;)
        {
            var end = path[at] == '[' ? path.IndexOf(']', at) : path.AsSpan(at + 1).IndexOfAny('.', '[') is >= 0 and var length ? at + 1 + length : path.Length;
            if (end < 0 || path[at] is not ('.' or '['))
            {
                return null;
            }

            var step = path[(at + 1)..end];
            steps.Add(path[at] == '.' ? step : int.TryParse(step, out var index) && index >= 0 ? index : step.Trim('\'', '"'));
            at = path[at] == '[' ? end + 1 : end;
        }

        return steps;
    }
}
