using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Redaction;

namespace Lethe.Proxy.Exporting;

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

    /// <summary>Writes the members of a <c>postData</c>.</summary>
    public static void WriteRequest(Utf8JsonWriter json, KeptCall kept) =>
        Write(json, kept, kept.Call?.Request, kept.Call?.RequestHeaders ?? [], ExchangeRedactor.RequestWithheldAttribute);

    /// <summary>Writes the members of a <c>content</c>.</summary>
    public static void WriteResponse(Utf8JsonWriter json, KeptCall kept) =>
        json.WriteNumber("size", Write(json, kept, kept.Call?.Response, kept.Call?.ResponseHeaders ?? [], ExchangeRedactor.ResponseWithheldAttribute));

    /// <summary>Gives how many bytes the body has without its codings.</summary>
    private static long Write(Utf8JsonWriter json, KeptCall kept, CapturedBody? body, IReadOnlyList<HeaderField> headers, string withheldAttribute)
    {
        json.WriteString("mimeType", headers.Joined("content-type") ?? "");
        if (kept.Call is not { Attributes: var attributes } || body is null)
        {
            json.WriteString("comment", kept.Why);
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
            (attributes.GetValueOrDefault(withheldAttribute) ?? attributes.GetValueOrDefault(CapturedExchange.WithheldAttribute)) is { } withheld ? $"withheld ({withheld})" : null,
            body.Truncated ? "truncated" : null,
            attributes.ContainsKey(ExchangeRedactor.BodiesAttribute) && IsRedacted(body) ? "redacted" : null,
            decoded.Reason is { } reason ? $"with its content coding, which cannot be undone ({reason})" : null,
            decoded.Salvaged ? "as far as its content coding could be undone" : null,
        ];
        if (string.Join(", ", told.OfType<string>()) is { Length: > 0 } comment)
        {
            json.WriteString("comment", comment);
        }

        return bytes.Length;
    }

    // The hash is of the bytes on the wire; what was redacted lost its coding too, so that the mark has to be looked for.
    private static bool IsRedacted(CapturedBody body) =>
        body.Bytes.Span.IndexOf("[redacted:"u8) >= 0 && body.Sha256 != Convert.ToHexStringLower(SHA256.HashData(body.Bytes.Span));
}
