using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Commands.Exporting;

/// <summary>One direction of a call as HAR holds it: headers, and the body as text, or as Base64 where it is none.</summary>
internal static class HarBody
{
    public static void WriteHeaders(Utf8JsonWriter json, IReadOnlyList<HeaderField> headers)
    {
        json.WriteStartArray("headers");
        foreach (var header in headers)
        {
            json.WriteStartObject();
            json.WriteString("name", header.Name);
            json.WriteString("value", header.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Writes the members of a <c>postData</c> or <c>content</c>; gives how many bytes the body has without its codings.</summary>
    /// <param name="body">Null where it is held no longer.</param>
    /// <param name="why">Why it is not.</param>
    public static long Write(Utf8JsonWriter json, CapturedBody? body, IReadOnlyList<HeaderField> headers, string? why)
    {
        json.WriteString("mimeType", headers.Joined("content-type") ?? "");
        if (body is null)
        {
            json.WriteString("comment", why);
            return 0;
        }

        var decoded = ContentDecoder.Decode(body.Bytes, headers.Joined("content-encoding"));
        var bytes = decoded.Reason is null ? decoded.Bytes : body.Bytes;
        if (Utf8.IsValid(bytes.Span))
        {
            json.WriteString("text", bytes.Span);
        }
        else
        {
            json.WriteBase64String("text", bytes.Span);
            json.WriteString("encoding", "base64");
        }

        string?[] told =
        [
            body.Truncated ? "truncated" : null,
            IsRedacted(body) ? "redacted" : null,
            decoded.Reason is { } reason ? $"with its content coding, which cannot be undone ({reason})" : null,
            decoded.Salvaged ? "as far as its content coding could be undone" : null,
        ];
        if (string.Join(", ", told.OfType<string>()) is { Length: > 0 } comment)
        {
            json.WriteString("comment", comment);
        }

        return bytes.Length;
    }

    // The hash is of the bytes on the wire.
    private static bool IsRedacted(CapturedBody body) =>
        !body.Truncated && body.Sha256 is { } wire && !wire.Equals(Convert.ToHexStringLower(SHA256.HashData(body.Bytes.Span)), StringComparison.Ordinal);
}
