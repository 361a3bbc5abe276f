using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Lethe.Capture.Chains;
using Lethe.Capture.Repeats;

namespace Lethe.Capture.Decoding.Json;

/// <summary>JSON of content that has no fields of its own here, without what changes from request to request.</summary>
internal static class ContentJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = JsonReading.DepthMax + 8 };

    /// <summary>
    /// A system prompt or a list of tools in canonical form, <c>cache_control</c> of the value and of its elements left out. What has
    /// no canonical form (duplicate keys) stays as it was written.
    /// </summary>
    /// <param name="source">What the value was parsed from.</param>
    public static CanonicalValue? Write(JsonElement? value, ReadOnlyMemory<byte> source, RepeatMemo? memo) => value is not { } given ? null
        : memo is null ? CanonicalValue.Of(Write(given))
        : memo.Canonicalise(given.Slice(source), () => Write(given));

    private static byte[] Write(JsonElement value)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        return TryWrite(value, output) ? output.WrittenSpan.ToArray() : JsonMarshal.GetRawUtf8Value(value).ToArray();
    }

    /// <summary>An object's members as text: no nulls, no cache marks, no citations, none of <paramref name="without"/>.</summary>
    public static string WriteBlock(JsonElement block, params ReadOnlySpan<string> without)
    {
        if (block.ValueKind != JsonValueKind.Object)
        {
            return block.GetRawText();
        }

        var output = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            writer.WriteStartObject();
            foreach (var member in block.EnumerateObject())
            {
                if (member.Value.ValueKind != JsonValueKind.Null && member.Name is not ("cache_control" or "citations") && !without.Contains(member.Name))
                {
                    writer.WritePropertyName(member.Name);
                    writer.Raw(member.Value);
                }
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static bool TryWrite(JsonElement value, ArrayBufferWriter<byte> output)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            return CanonicalJson.TryWrite(value, CanonicalJson.Members.WithoutCacheControl, output);
        }

        output.Write("["u8);
        foreach (var item in value.EnumerateArray())
        {
            if (output.WrittenCount > 1)
            {
                output.Write(","u8);
            }

            if (!CanonicalJson.TryWrite(item, CanonicalJson.Members.WithoutCacheControl, output))
            {
                return false;
            }
        }

        output.Write("]"u8);
        return true;
    }
}
