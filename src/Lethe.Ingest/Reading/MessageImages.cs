using System.Buffers.Text;
using System.Text.Json;

namespace Lethe.Ingest.Reading;

/// <summary>The pictures that a message holds in base64, of any dialect: png, jpeg, gif and webp by their first bytes. Anything else is none, however it is named.</summary>
public static class MessageImages
{
    private const int DepthMax = 32;

    private static readonly string[] Fields = ["data", "image_url", "url", "bytes", "file_data"];

    /// <param name="place">Its place among them, from 0.</param>
    public static (byte[] Bytes, string MediaType)? Find(JsonElement message, int place)
    {
        foreach (var text in Texts(message, DepthMax))
        {
            if (TryDecode(text, out var bytes) && TypeOf(bytes) is { } type && place-- == 0)
            {
                return (bytes, type);
            }
        }

        return null;
    }

    private static IEnumerable<string> Texts(JsonElement element, int depth) => depth == 0 ? [] : element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(item => Texts(item, depth - 1)),
        JsonValueKind.Object => Members(element, depth),
        _ => [],
    };

    private static IEnumerable<string> Members(JsonElement element, int depth)
    {
        foreach (var member in element.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.String)
            {
                if (Array.Exists(Fields, member.NameEquals))
                {
                    yield return JsonWord.Text(member.Value);
                }

                continue;
            }

            foreach (var text in Texts(member.Value, depth - 1))
            {
                yield return text;
            }
        }
    }

    // As it stands, or as a data address (RFC 2397).
    private static bool TryDecode(string text, out byte[] bytes)
    {
        var data = text.StartsWith("data:", StringComparison.OrdinalIgnoreCase) && text.IndexOf(',', StringComparison.Ordinal) is > 0 and var comma ? text.AsSpan(comma + 1) : text;
        bytes = [];
        if (data.Length == 0 || !Base64.IsValid(data, out var length))
        {
            return false;
        }

        bytes = new byte[length];
        return Convert.TryFromBase64Chars(data, bytes, out _);
    }

    private static string? TypeOf(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]) ? "image/png"
        : bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "image/jpeg"
        : bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8) ? "image/gif"
        : bytes.Length > 12 && bytes.StartsWith("RIFF"u8) && bytes[8..].StartsWith("WEBP"u8) ? "image/webp"
        : null;
}
