using System.Globalization;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Wire;

/// <summary>Reads the error shapes that vendors send: an <c>error</c> object or string, <c>detail</c>, a bare <c>message</c>, or a page of text.</summary>
internal static class WireError
{
    private const int MessageCharsMax = 4000;

    /// <summary>How many events of a failed response are looked at.</summary>
    private const int EventsMax = 1000;

    /// <summary>The error of a failed HTTP response, whatever its body is.</summary>
    /// <returns>The error, with the ids that the body tells: of the request, and of the answer that this is instead of (Cohere).</returns>
    public static (ExchangeError Error, string? RequestId, string? Id) FromResponse(int status, ReadOnlyMemory<byte> body, BodyShape shape)
    {
        body = shape == BodyShape.Events ? ErrorEvent(body) : body;
        using var document = shape is BodyShape.Json or BodyShape.Events ? JsonReading.TryParse(BodySniffer.Trim(body)) : null;
        var error = document is null ? null : Read(document.RootElement, "http");
        error ??= new ExchangeError("http", null, status.ToString(CultureInfo.InvariantCulture), body.IsEmpty ? null : Shorten(Encoding.UTF8.GetString(body.Span)));
        return (error, document?.RootElement.Text("request_id"u8), document?.RootElement.Word("id"u8));
    }

    /// <summary>The error that a successful response tells of in its body; null when it tells of none.</summary>
    public static ExchangeError? Inside(JsonElement root, string phase)
    {
        if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() == 1)
        {
            root = root[0];
        }

        var told = root.Member("error"u8) switch
        {
            { ValueKind: JsonValueKind.Object } error => error.GetPropertyCount() > 0,
            { ValueKind: JsonValueKind.String } error => !error.ValueEquals(""u8),
            _ => false,
        };
        return told || root.Is("type"u8, "error"u8) || root.Is("object"u8, "error"u8) ? Read(root, phase) : null;
    }

    /// <summary>The error that a document must be, since it is nothing else: what has none of the known shapes is told as it stands.</summary>
    public static ExchangeError Of(JsonElement root, string phase) =>
        Read(root, phase) ?? new ExchangeError(phase, root.Word("type"u8), root.Word("code"u8), Shorten(root.GetRawText()));

    /// <summary>Null when the document has none of the known shapes.</summary>
    public static ExchangeError? Read(JsonElement root, string phase)
    {
        if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0)
        {
            root = root[0];
        }

        if (root.Member("error"u8) is { ValueKind: JsonValueKind.Object } inner)
        {
            return FromObject(inner, phase);
        }

        if (root.Text("error"u8) is { } text)
        {
            return new ExchangeError(phase, root.Word("type"u8) ?? root.Word("error_type"u8), root.Word("code"u8), Shorten(text));
        }

        var message = root.Text("message"u8) ?? Detail(root) ?? FirstOfErrors(root);
        if (message is null)
        {
            return null;
        }

        var type = root.Word("type"u8) ?? root.Word("error_type"u8) ?? root.Word("__type"u8);
        return new ExchangeError(phase, type, root.Word("code"u8), Shorten(message));
    }

    // The first event that tells of an error; failing that, the first.
    private static ReadOnlyMemory<byte> ErrorEvent(ReadOnlyMemory<byte> body)
    {
        ReadOnlyMemory<byte>? first = null;
        var events = new SseReader(body);
        for (var read = 0; read < EventsMax && events.Read(); read++)
        {
            using var document = JsonReading.TryParse(BodySniffer.Trim(events.Data));
            if (document is not null && Read(document.RootElement, "http") is not null)
            {
                return events.Data;
            }

            first ??= events.Data;
        }

        return first ?? default;
    }

    private static ExchangeError FromObject(JsonElement error, string phase)
    {
        var code = error.Word("code"u8)
            ?? error.Member("details"u8)?.Word("error_code"u8)
            ?? error.Word("status_code"u8)
            ?? error.Member("innererror"u8)?.Word("code"u8);
        var message = error.Text("message"u8) ?? error.Text("error"u8) ?? error.Text("detail"u8);
        return new ExchangeError(phase, error.Word("type"u8) ?? error.Word("status"u8), code, message is null ? null : Shorten(message));
    }

    private static string? Detail(JsonElement root) => root.Member("detail"u8) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } inner => inner.Text("message"u8) ?? inner.GetRawText(),
        { ValueKind: JsonValueKind.Array } list => list.GetArrayLength() > 0 ? list[0].Text("msg"u8) ?? list.GetRawText() : null,
        _ => null,
    };

    private static string? FirstOfErrors(JsonElement root) =>
        root.Member("errors"u8) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0 ? list[0].Text("message"u8) : null;

    private static string Shorten(string message) => message.Length <= MessageCharsMax ? message : message[..MessageCharsMax];
}
