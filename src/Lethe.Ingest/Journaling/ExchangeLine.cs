using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>An exchange as the data of a line: fields in one fixed order, defaults left out, so that equal exchanges give equal bytes.</summary>
internal static class ExchangeLine
{
    /// <summary>Writes the whole form, which an <c>exchange</c>, an <c>open</c> and a <c>close</c> line carry.</summary>
    /// <param name="repeated">What of the request stands in an earlier line and is left out here.</param>
    public static void Write(CapturedExchange exchange, LineBuffer into, RepeatedRequest? repeated = null)
    {
        into.Raw("{\"id\":"u8);
        into.Text(exchange.Id.ToString());
        WriteText("commit_key"u8, exchange.CommitKey, into);
        WriteText("org"u8, exchange.OrgId, into);
        WriteText("subject"u8, exchange.AuthSubject, into);
        WriteText("door"u8, exchange.Door.ToString(), into);
        WriteNumber("at_us"u8, Microseconds(exchange.CapturedAt), into);
        WriteText("method"u8, exchange.Method, into);
        WriteText("path"u8, exchange.Path, into);
        WriteText("query"u8, exchange.Query, into);
        WriteText("upstream"u8, exchange.Upstream, into);
        WriteText("host"u8, exchange.UpstreamHost, into);
        WriteText("provider"u8, exchange.Provider, into);
        WriteText("http"u8, exchange.HttpVersion, into);
        WriteText("credential"u8, exchange.CredentialFingerprint, into);
        WriteHeaders("request_headers"u8, exchange.RequestHeaders, into);
        WriteBody("request"u8, exchange.Request, into, repeated);
        WriteOutcome(exchange, into);
        into.Raw("}"u8);
    }

    /// <summary>Writes what has come since the line before: pieces of the bodies, and the response's head when it is known.</summary>
    public static void WritePart(CapturedExchange piece, bool withResponseHead, LineBuffer into)
    {
        into.Raw("{\"id\":"u8);
        into.Text(piece.Id.ToString());
        WriteBody("request"u8, piece.Request, into);
        if (withResponseHead)
        {
            WriteResponseHead(piece, into);
        }

        WriteBody("response"u8, piece.Response, into);
        into.Raw("}"u8);
    }

    /// <summary>Microseconds since 1970, UTC.</summary>
    internal static long Microseconds(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    private static void WriteOutcome(CapturedExchange exchange, LineBuffer into)
    {
        WriteResponseHead(exchange, into);
        WriteBody("response"u8, exchange.Response, into);
        WriteHeaders("trailers"u8, exchange.ResponseTrailers, into);
        WriteText("ending"u8, exchange.Ending.ToString(), into);
        WriteText("ending_reason"u8, exchange.EndingReason, into);
        WriteText("transport_error"u8, exchange.TransportError?.Type, into);
        WriteText("transport_message"u8, exchange.TransportError?.Message, into);
        WriteNumber("duration_ticks"u8, exchange.Duration?.Ticks, into);
        WriteAttributes(exchange.Attributes, into);
    }

    private static void WriteResponseHead(CapturedExchange exchange, LineBuffer into)
    {
        WriteNumber("status"u8, exchange.Status, into);
        WriteNumber("first_byte_ticks"u8, exchange.TimeToFirstByte?.Ticks, into);
        WriteHeaders("response_headers"u8, exchange.ResponseHeaders, into);
    }

    private static void WriteBody(ReadOnlySpan<byte> name, CapturedBody body, LineBuffer into, RepeatedRequest? repeated = null)
    {
        WriteName(name, into);
        into.Raw("{\"wire\":"u8);
        into.Number(body.WireBytes);
        WriteText("sha256"u8, body.Sha256, into);
        if (body.Truncated)
        {
            into.Raw(",\"truncated\":true"u8);
        }

        if (repeated is { } earlier)
        {
            WriteRepeated(earlier, into);
        }

        BodyText.Write(body.Bytes.Span[(repeated?.Head ?? 0)..^(repeated?.Tail ?? 0)], into);
        into.Raw("}"u8);
    }

    private static void WriteRepeated(RepeatedRequest earlier, LineBuffer into)
    {
        into.Raw(",\"repeats\":["u8);
        into.Number(earlier.At.Offset);
        into.Raw(","u8);
        into.Number(earlier.At.Sequence);
        into.Raw(","u8);
        into.Number(earlier.Head);
        into.Raw(","u8);
        into.Number(earlier.Tail);
        into.Raw("]"u8);
    }

    private static void WriteHeaders(ReadOnlySpan<byte> name, IReadOnlyList<HeaderField> headers, LineBuffer into)
    {
        if (headers.Count == 0)
        {
            return;
        }

        WriteName(name, into);
        for (var i = 0; i < headers.Count; i++)
        {
            into.Raw(i == 0 ? "["u8 : ","u8);
            into.Text(headers[i].Name);
            into.Raw(","u8);
            into.Text(headers[i].Value);
        }

        into.Raw("]"u8);
    }

    private static void WriteAttributes(IReadOnlyDictionary<string, string> attributes, LineBuffer into)
    {
        if (attributes.Count == 0)
        {
            return;
        }

        WriteName("attributes"u8, into);
        var first = true;
        foreach (var (key, value) in attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            into.Raw(first ? "{"u8 : ","u8);
            into.Text(key);
            into.Raw(":"u8);
            into.Text(value);
            first = false;
        }

        into.Raw("}"u8);
    }

    private static void WriteText(ReadOnlySpan<byte> name, string? value, LineBuffer into)
    {
        if (value is not null)
        {
            WriteName(name, into);
            into.Text(value);
        }
    }

    private static void WriteNumber(ReadOnlySpan<byte> name, long? value, LineBuffer into)
    {
        if (value is { } number)
        {
            WriteName(name, into);
            into.Number(number);
        }
    }

    private static void WriteName(ReadOnlySpan<byte> name, LineBuffer into)
    {
        into.Raw(",\""u8);
        into.Raw(name);
        into.Raw("\":"u8);
    }
}
