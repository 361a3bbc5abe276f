using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lethe.Capture.Decoding.Json;

/// <summary>Reading of JSON that may hold anything: a missing or ill-typed member is null, never an exception.</summary>
internal static class JsonReading
{
    /// <summary>Deeper documents are refused, as their canonical form is: no API nests so far, and a bomb does.</summary>
    public const int DepthMax = 128;

    /// <summary>A message put together from a stream wraps what stood alone in it.</summary>
    private const int WrappingDepth = 8;

    /// <summary>Sums of a few counts below this, and their products with a price, stay far from overflow.</summary>
    public const long CountMax = 1_000_000_000_000_000;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = DepthMax };
    private static readonly JsonDocumentOptions AssembledOptions = new() { MaxDepth = DepthMax + WrappingDepth };

    /// <summary>Parses without copying: elements read from <paramref name="json"/> itself. Null when it is not one JSON value.</summary>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> json) => TryParse(json, Options);

    /// <summary>Parses also what is nearly JSON (<see cref="JsonRepair"/>).</summary>
    public static JsonDocument? TryParseLeniently(ReadOnlyMemory<byte> json) =>
        TryParse(json) ?? (MayBeJson(json.Span.Trim(" \t\r\n"u8)) && JsonRepair.TryMend(json.Span) is { } mended ? TryParse(mended) : null);

    /// <summary>Parses what was written here, out of parts that were parsed before.</summary>
    public static JsonDocument? TryParseAssembled(ReadOnlyMemory<byte> json) => TryParse(json, AssembledOptions);

    private static JsonDocument? TryParse(ReadOnlyMemory<byte> json, JsonDocumentOptions options)
    {
        if (!MayBeJson(json.Span.Trim(" \t\r\n"u8)))
        {
            return null;
        }

        try
        {
            return JsonDocument.Parse(json, options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>False for what is plainly no JSON value: words, or a value that was cut. An exception would cost a thousand times as much.</summary>
    private static bool MayBeJson(ReadOnlySpan<byte> value) => !value.IsEmpty && value[0] switch
    {
        (byte)'{' => value[^1] == '}',
        (byte)'[' => value[^1] == ']',
        (byte)'"' => value[^1] == '"',
        (byte)'t' or (byte)'f' or (byte)'n' or (byte)'-' => true,
        var first => char.IsAsciiDigit((char)first),
    };

    public static JsonElement? Member(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    public static JsonElement? Member(this JsonElement? element, ReadOnlySpan<byte> name) => element?.Member(name);

    public static JsonElement? ObjectMember(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Object } value ? value : null;

    public static string? Text(this JsonElement element, ReadOnlySpan<byte> name) => element.Member(name).Text();

    public static string? Text(this JsonElement? element, ReadOnlySpan<byte> name) => element?.Member(name).Text();

    public static string? Text(this JsonElement? element) => element is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>A string or a number as text; null for the empty string too.</summary>
    public static string? Word(this JsonElement element, ReadOnlySpan<byte> name) => element.Member(name) switch
    {
        { ValueKind: JsonValueKind.String } value when value.GetString() is { Length: > 0 } text => text,
        { ValueKind: JsonValueKind.Number } value => value.GetRawText(),
        _ => null,
    };

    /// <summary>A whole number; a float is truncated. One that counts nothing, being negative or beyond any use, is null.</summary>
    public static long? Count(this JsonElement element, ReadOnlySpan<byte> name)
    {
        if (element.Member(name) is not { ValueKind: JsonValueKind.Number } value)
        {
            return null;
        }

        if (!value.TryGetInt64(out var count))
        {
            count = value.TryGetDouble(out var number) && number is >= 0 and < CountMax ? (long)number : -1;
        }

        return count is < 0 or >= CountMax ? null : count;
    }

    public static long? Count(this JsonElement? element, ReadOnlySpan<byte> name) => element?.Count(name);

    public static bool IsTrue(this JsonElement element, ReadOnlySpan<byte> name) => element.Member(name) is { ValueKind: JsonValueKind.True };

    public static bool Is(this JsonElement element, ReadOnlySpan<byte> name, ReadOnlySpan<byte> text) =>
        element.Member(name) is { ValueKind: JsonValueKind.String } value && value.ValueEquals(text);

    /// <summary>The elements of an array member; none when it is missing or something else.</summary>
    public static JsonElement.ArrayEnumerator Items(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : default;

    /// <summary>Where the element begins in <paramref name="source"/>, the memory it was parsed from; −1 when it was parsed from elsewhere.</summary>
    public static int Offset(JsonElement element, ReadOnlyMemory<byte> source) =>
        source.Span.Overlaps(JsonMarshal.GetRawUtf8Value(element), out var offset) ? offset : -1;

    /// <summary>The element's own bytes inside <paramref name="source"/>, the memory it was parsed from; a copy when it was parsed from elsewhere.</summary>
    public static ReadOnlyMemory<byte> Slice(this JsonElement element, ReadOnlyMemory<byte> source)
    {
        var raw = JsonMarshal.GetRawUtf8Value(element);
        return source.Span.Overlaps(raw, out var offset) && offset >= 0 && offset + raw.Length <= source.Length
            ? source.Slice(offset, raw.Length)
            : raw.ToArray();
    }
}
