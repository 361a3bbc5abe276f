using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Lethe.Capture.Decoding.Json;

/// <summary>Writes the JSON of messages that the wire carried in pieces.</summary>
internal static class RawMessage
{
    /// <summary>The JSON writer reserves six bytes for each character of a piece.</summary>
    private const int PieceCharsMax = 16 * 1024;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = JsonReading.DepthMax + 8 };

    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        using var output = new PooledWriter();
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            write(writer);
        }

        return output.ToArray();
    }

    /// <summary>An object of one member.</summary>
    public static byte[] Write(string name, string value) => Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString(name, value);
        writer.WriteEndObject();
    });

    /// <summary>Writes the value as its bytes stand.</summary>
    public static void Raw(this Utf8JsonWriter writer, JsonElement value) => writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);

    /// <summary>Writes a string member out of its pieces, without putting them into one string first.</summary>
    public static void Text(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, StringBuilder text)
    {
        writer.WritePropertyName(name);
        foreach (var chunk in HalfCharacters.Join(text).GetChunks())
        {
            for (var rest = chunk.Span; !rest.IsEmpty;)
            {
                var count = Math.Min(rest.Length, PieceCharsMax);
                writer.WriteStringValueSegment(rest[..count], isFinalSegment: false);
                rest = rest[count..];
                if (writer.BytesPending > PieceCharsMax)
                {
                    writer.Flush();
                }
            }
        }

        writer.WriteStringValueSegment(ReadOnlySpan<char>.Empty, isFinalSegment: true);
    }
}
