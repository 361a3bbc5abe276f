using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Lethe.Capture.Chains;

/// <summary>
/// One spelling for one JSON value (RFC 8785): members sorted by UTF-16 code units, numbers as ECMAScript prints them, no blanks.
/// What has no such spelling is refused: invalid UTF-8, lone surrogates, duplicate keys, numbers outside a double.
/// </summary>
public static class CanonicalJson
{
    /// <summary>Deeper values are refused.</summary>
    public const int DepthMax = 128;

    private static readonly JsonDocumentOptions ParseOptions = new() { MaxDepth = DepthMax };

    /// <summary>Writes the canonical form. When false, what was written is a part of nothing and is to be thrown away.</summary>
    public static bool TryWrite(ReadOnlyMemory<byte> json, IBufferWriter<byte> output)
    {
        try
        {
            using var document = JsonDocument.Parse(json, ParseOptions);
            return TryWrite(document.RootElement, output);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <inheritdoc cref="TryWrite(ReadOnlyMemory{byte}, IBufferWriter{byte})"/>
    public static bool TryWrite(JsonElement value, IBufferWriter<byte> output) => TryWrite(value, Members.All, output);

    /// <summary>The canonical form (UTF-8), or null when there is none.</summary>
    public static byte[]? ToArray(JsonElement value)
    {
        var output = new ArrayBufferWriter<byte>();
        return TryWrite(value, output) ? output.WrittenSpan.ToArray() : null;
    }

    /// <summary>Which members of objects are written.</summary>
    internal enum Members
    {
        All,

        /// <summary>Members that are null, false, "", 0, [] or hold nothing else are left out; arrays are not looked into.</summary>
        NonZero,

        /// <summary>A cache mark on the value itself is left out: clients move it from request to request.</summary>
        WithoutCacheControl,

        /// <summary>Members of a request that only say how the answer is to be carried are left out.</summary>
        WithoutCarriage,

        /// <summary>So are those that hold the history, the system prompt and the tools.</summary>
        WithoutPrompt,
    }

    internal static bool TryWrite(JsonElement value, Members members, IBufferWriter<byte> output)
    {
        var raw = JsonMarshal.GetRawUtf8Value(value);
        return (members == Members.WithoutPrompt || (Utf8.IsValid(raw) && !CanonicalText.HasLoneSurrogate(raw))) && TryWriteValue(value, members, output, 0);
    }

    /// <summary>True for null, false, "", 0, [] and objects that hold nothing else.</summary>
    internal static bool IsZero(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => JsonMarshal.GetRawUtf8Value(value).Length == 2,
        JsonValueKind.Number => CanonicalNumber.TryRead(JsonMarshal.GetRawUtf8Value(value), out var number) && number == 0,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.EnumerateObject().All(member => IsZero(member.Value)),
        _ => false,
    };

    private static bool TryWriteValue(JsonElement value, Members members, IBufferWriter<byte> output, int depth)
    {
        if (depth > DepthMax)
        {
            return false;
        }

        var raw = JsonMarshal.GetRawUtf8Value(value);
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                return TryWriteObject(value, members, output, depth);
            case JsonValueKind.Array:
                return TryWriteArray(value, output, depth);
            case JsonValueKind.String:
                CanonicalText.WriteLiteral(raw[1..^1], output);
                return true;
            case JsonValueKind.Number:
                return CanonicalNumber.TryWrite(raw, output);
            default:
                output.Write(raw);
                return true;
        }
    }

    private static bool TryWriteArray(JsonElement array, IBufferWriter<byte> output, int depth)
    {
        output.Write("["u8);
        var first = true;
        foreach (var item in array.EnumerateArray())
        {
            if (!first)
            {
                output.Write(","u8);
            }

            first = false;
            if (!TryWriteValue(item, Members.All, output, depth + 1))
            {
                return false;
            }
        }

        output.Write("]"u8);
        return true;
    }

    private static bool TryWriteObject(JsonElement value, Members members, IBufferWriter<byte> output, int depth)
    {
        var properties = ArrayPool<JsonProperty>.Shared.Rent(value.GetPropertyCount());
        try
        {
            var count = 0;
            foreach (var property in value.EnumerateObject())
            {
                properties[count++] = property;
            }

            return PropertyOrder.TrySort(properties.AsSpan(0, count))
                && TryWriteMembers(properties.AsSpan(0, count), members, output, depth);
        }
        finally
        {
            ArrayPool<JsonProperty>.Shared.Return(properties, clearArray: true);
        }
    }

    private static bool TryWriteMembers(ReadOnlySpan<JsonProperty> sorted, Members members, IBufferWriter<byte> output, int depth)
    {
        output.Write("{"u8);
        var first = true;
        foreach (var property in sorted)
        {
            if (IsLeftOut(property, members))
            {
                continue;
            }

            if (!first)
            {
                output.Write(","u8);
            }

            first = false;
            CanonicalText.WriteLiteral(JsonMarshal.GetRawUtf8PropertyName(property), output);
            output.Write(":"u8);
            var below = members == Members.NonZero ? Members.NonZero : Members.All;
            if (!TryWriteValue(property.Value, below, output, depth + 1))
            {
                return false;
            }
        }

        output.Write("}"u8);
        return true;
    }

    private static bool IsLeftOut(JsonProperty property, Members members) => members switch
    {
        Members.NonZero => IsZero(property.Value),
        Members.WithoutCacheControl => property.NameEquals("cache_control"u8),
        Members.WithoutCarriage => IsCarriage(property),
        Members.WithoutPrompt => IsCarriage(property) || IsPrompt(property),
        _ => false,
    };

    private static bool IsCarriage(JsonProperty property) => property.NameEquals("stream"u8) || property.NameEquals("stream_options"u8);

    private static bool IsPrompt(JsonProperty property) =>
        property.NameEquals("messages"u8) || property.NameEquals("input"u8) || property.NameEquals("contents"u8)
        || property.NameEquals("system"u8) || property.NameEquals("instructions"u8) || property.NameEquals("tools"u8);
}
