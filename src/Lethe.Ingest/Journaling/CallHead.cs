using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// The piece that holds a call's words beside its bodies: method, path, headers, evidence. One JSON object; what is the same from call to call comes first.
/// </summary>
internal static class CallHead
{
    /// <summary>Zeros stand where a head was erased; its last byte is never shared with another call's.</summary>
    public static bool IsErased(ReadOnlySpan<byte> head) => head.Length > 0 && head[^1] == 0;

    public static void Write(CapturedExchange exchange, LineBuffer into)
    {
        into.Raw("{\"method\":"u8);
        into.Text(exchange.Method);
        WriteText("path"u8, exchange.Path, into);
        WriteText("query"u8, exchange.Query.Length == 0 ? null : exchange.Query, into);
        WriteText("subject"u8, exchange.AuthSubject, into);
        WriteText("upstream"u8, exchange.Upstream, into);
        WriteText("host"u8, exchange.UpstreamHost, into);
        WriteText("provider"u8, exchange.Provider, into);
        WriteText("http"u8, exchange.HttpVersion, into);
        WriteText("credential"u8, exchange.CredentialFingerprint, into);
        WriteHeaders("request_headers"u8, exchange.RequestHeaders, into);
        WriteHeaders("response_headers"u8, exchange.ResponseHeaders, into);
        WriteHeaders("trailers"u8, exchange.ResponseTrailers, into);
        WriteText("request_sha256"u8, exchange.Request.Sha256, into);
        WriteText("response_sha256"u8, exchange.Response.Sha256, into);
        WriteText("transport_error"u8, exchange.TransportError?.Type, into);
        WriteText("transport_message"u8, exchange.TransportError?.Message, into);
        WriteAttributes(exchange.Attributes, into);
        WriteText("commit_key"u8, exchange.CommitKey == exchange.Id.ToString() ? null : exchange.CommitKey, into);
        into.Raw("}"u8);
    }

    /// <summary>The call with its words and bodies, of which <paramref name="request"/> holds the kept bytes. Throws <see cref="FormatException"/>, <see cref="JsonException"/> or <see cref="InvalidOperationException"/> when the head is none.</summary>
    public static CapturedExchange Read(JournaledCall call, ReadOnlySpan<byte> head, CapturedBody request, ReadOnlyMemory<byte> response)
    {
        var exchange = new CapturedExchange
        {
            Id = call.Id,
            CommitKey = call.Id.ToString(),
            OrgId = call.OrgId,
            Door = call.Door,
            CapturedAt = call.CapturedAt,
            Method = "",
            Path = "",
            Request = BodyOf(call.Request, request),
            Response = BodyOf(call.Response, new CapturedBody { Bytes = response }),
            Status = call.Status,
            Ending = call.Ending,
            EndingReason = call.EndingReason,
            TimeToFirstByte = call.TimeToFirstByte,
            Duration = call.Duration,
        };
        var json = new Utf8JsonReader(head);
        Expect(ref json, JsonTokenType.StartObject, isNext: true);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonText.Unescape(json.ValueSpan);
            json.Read();
            exchange = With(exchange, name, ref json);
        }

        // What grew is hashed where it is gone on with.
        return exchange with { Request = exchange.Request.Grown is null ? exchange.Request.Hashed() : exchange.Request, Response = exchange.Response.Hashed() };
    }

    private static CapturedBody BodyOf(PlacedBody placed, CapturedBody kept) => kept with { WireBytes = placed.WireBytes, Truncated = placed.Truncated };

    private static CapturedExchange With(CapturedExchange exchange, string name, ref Utf8JsonReader json) => name switch
    {
        "method" => exchange with { Method = Text(ref json) },
        "path" => exchange with { Path = Text(ref json) },
        "query" => exchange with { Query = Text(ref json) },
        "subject" => exchange with { AuthSubject = Text(ref json) },
        "upstream" => exchange with { Upstream = Text(ref json) },
        "host" => exchange with { UpstreamHost = Text(ref json) },
        "provider" => exchange with { Provider = Text(ref json) },
        "http" => exchange with { HttpVersion = Text(ref json) },
        "credential" => exchange with { CredentialFingerprint = Text(ref json) },
        "request_headers" => exchange with { RequestHeaders = Headers(ref json) },
        "response_headers" => exchange with { ResponseHeaders = Headers(ref json) },
        "trailers" => exchange with { ResponseTrailers = Headers(ref json) },
        "request_sha256" => exchange with { Request = exchange.Request with { Sha256 = Text(ref json) } },
        "response_sha256" => exchange with { Response = exchange.Response with { Sha256 = Text(ref json) } },
        "transport_error" => exchange with { TransportError = new TransportError(Text(ref json), "") },
        "transport_message" => exchange with { TransportError = new TransportError(exchange.TransportError?.Type ?? "", Text(ref json)) },
        "attributes" => exchange with { Attributes = Attributes(ref json) },
        "commit_key" => exchange with { CommitKey = Text(ref json) },
        _ => throw new NotSupportedException($"A field of a later version, {name}."),
    };

    private static List<HeaderField> Headers(ref Utf8JsonReader json)
    {
        var headers = new List<HeaderField>();
        Expect(ref json, JsonTokenType.StartArray, isNext: false);
        while (json.Read() && json.TokenType == JsonTokenType.String)
        {
            var name = Text(ref json);
            Expect(ref json, JsonTokenType.String, isNext: true);
            headers.Add(new HeaderField(name, Text(ref json)));
        }

        return headers;
    }

    private static Dictionary<string, string> Attributes(ref Utf8JsonReader json)
    {
        var attributes = new Dictionary<string, string>();
        Expect(ref json, JsonTokenType.StartObject, isNext: false);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var key = JsonText.Unescape(json.ValueSpan);
            Expect(ref json, JsonTokenType.String, isNext: true);
            attributes[key] = Text(ref json);
        }

        return attributes;
    }

    private static string Text(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.String, isNext: false);
        return JsonText.Unescape(json.ValueSpan);
    }

    private static void Expect(ref Utf8JsonReader json, JsonTokenType type, bool isNext)
    {
        if ((isNext && !json.Read()) || json.TokenType != type)
        {
            throw new FormatException($"{type} was expected.");
        }
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

    private static void WriteName(ReadOnlySpan<byte> name, LineBuffer into)
    {
        into.Raw(",\""u8);
        into.Raw(name);
        into.Raw("\":"u8);
    }
}
