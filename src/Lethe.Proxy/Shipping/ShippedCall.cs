using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;

namespace Lethe.Proxy.Shipping;

/// <summary>
/// A call as one recorder hands it to another: a JSON line with all that the journal holds of it. Times are microseconds, bodies Base64. Whose it is the line
/// does not tell: that is the credential's word.
/// </summary>
internal static class ShippedCall
{
    /// <summary>What <c>POST /v1/ingest</c> takes such lines under.</summary>
    public const string MediaType = "application/x-lethe-calls";

    /// <summary>How long a line may be: two bodies as large as a recorder keeps them by itself, and their heads.</summary>
    public const int LineBytesMax = 192 * 1024 * 1024;

    private const int TextCharsMax = 64 * 1024;
    private const long MicrosecondsMax = 253_402_300_799_000_000;

    public static void Write(Utf8JsonWriter json, CapturedExchange exchange)
    {
        json.WriteStartObject();
        json.WriteString("id", exchange.Id.ToString());
        json.WriteString("commit_key", ExchangeDelivery.KeyOf(exchange));
        json.WriteNumber("captured_at", Microseconds(exchange.CapturedAt - DateTimeOffset.UnixEpoch));
        WriteTime(json, "ttfb", exchange.TimeToFirstByte);
        WriteTime(json, "duration", exchange.Duration);
        json.WriteString("method", exchange.Method);
        json.WriteString("path", exchange.Path);
        json.WriteString("query", exchange.Query);
        json.WriteString("upstream", exchange.Upstream);
        json.WriteString("upstream_host", exchange.UpstreamHost);
        json.WriteString("provider", exchange.Provider);
        json.WriteString("http_version", exchange.HttpVersion);
        json.WriteString("credential", exchange.CredentialFingerprint);
        json.WriteString("ending", exchange.Ending.ToString());
        json.WriteString("ending_reason", exchange.EndingReason);
        json.WriteString("transport_error", exchange.TransportError?.Type);
        json.WriteString("transport_message", exchange.TransportError?.Message);
        if (exchange.Status is { } status)
        {
            json.WriteNumber("status", status);
        }

        WriteHeaders(json, "request_headers", exchange.RequestHeaders);
        WriteHeaders(json, "response_headers", exchange.ResponseHeaders);
        WriteHeaders(json, "trailers", exchange.ResponseTrailers);
        WriteBody(json, "request", exchange.Request);
        WriteBody(json, "response", exchange.Response);
        json.WriteStartObject("attributes");
        foreach (var (name, value) in Attributes(exchange))
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The call of a line, as one of the ingest door; null for a line that is none.</summary>
    public static CapturedExchange? Read(JsonElement line, string org, string? subject)
    {
        try
        {
            return TryRead(line, org, subject);
        }
        catch (Exception malformed) when (malformed is InvalidOperationException or FormatException or KeyNotFoundException or OverflowException or ArgumentException)
        {
            // It comes from outside, so that it is no such line is no bug.
            return null;
        }
    }

    private static CapturedExchange? TryRead(JsonElement line, string org, string? subject)
    {
        var path = Text(line, "path");
        var key = Text(line, "commit_key");
        if (!ExchangeId.TryParse(Text(line, "id"), out var id) || path is not ['/', ..] || string.IsNullOrEmpty(key) || !Enum.TryParse<Ending>(Text(line, "ending"), out var ending) || !Enum.IsDefined(ending))
        {
            return null;
        }

        var attributes = line.GetProperty("attributes").EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetString()!, StringComparer.Ordinal);
        if (attributes.GetValueOrDefault(ProducedKind.Attribute) == ProducedKind.Correction)
        {
            // What is stored here is set right by whom this lethe lets administer.
            return null;
        }

        return new CapturedExchange
        {
            Id = id,
            CommitKey = key,
            OrgId = org,
            AuthSubject = subject,
            Door = Door.Ingest,
            CapturedAt = DateTimeOffset.UnixEpoch + Time(line, "captured_at")!.Value,
            TimeToFirstByte = Time(line, "ttfb"),
            Duration = Time(line, "duration"),
            Method = Text(line, "method") ?? "POST",
            Path = path,
            Query = Text(line, "query") ?? "",
            Upstream = Text(line, "upstream"),
            UpstreamHost = Text(line, "upstream_host"),
            Provider = Text(line, "provider"),
            HttpVersion = Text(line, "http_version") ?? "HTTP/1.1",
            CredentialFingerprint = Text(line, "credential"),
            Ending = ending,
            EndingReason = Text(line, "ending_reason"),
            TransportError = Text(line, "transport_error") is { } error ? new TransportError(error, Text(line, "transport_message") ?? "") : null,
            Status = line.TryGetProperty("status", out var status) ? status.GetInt32() : null,
            RequestHeaders = Headers(line, "request_headers"),
            ResponseHeaders = Headers(line, "response_headers"),
            ResponseTrailers = Headers(line, "trailers"),
            Request = Body(line.GetProperty("request")),
            Response = Body(line.GetProperty("response")),
            Attributes = attributes,
        };
    }

    // The door of the other end says neither how the call was captured, nor what its client called it.
    private static Dictionary<string, string> Attributes(CapturedExchange exchange)
    {
        var attributes = new Dictionary<string, string>(exchange.Attributes) { [ExchangeFacts.CaptureModeAttribute] = ExchangeFacts.CaptureMode(exchange) };
        if (exchange.CommitKey != ExchangeDelivery.KeyOf(exchange))
        {
            attributes[ExchangeDelivery.ClientKeyAttribute] = exchange.CommitKey;
        }

        return attributes;
    }

    private static void WriteTime(Utf8JsonWriter json, string name, TimeSpan? time)
    {
        if (time is { } told)
        {
            json.WriteNumber(name, Microseconds(told));
        }
    }

    private static void WriteHeaders(Utf8JsonWriter json, string name, IReadOnlyList<HeaderField> headers)
    {
        json.WriteStartArray(name);
        foreach (var header in headers)
        {
            json.WriteStringValue(header.Name);
            json.WriteStringValue(header.Value);
        }

        json.WriteEndArray();
    }

    private static void WriteBody(Utf8JsonWriter json, string name, CapturedBody body)
    {
        json.WriteStartObject(name);
        json.WriteNumber("wire_bytes", body.WireBytes);
        json.WriteBoolean("truncated", body.Truncated);
        json.WriteString("sha256", body.Hashed().Sha256);
        json.WriteBase64String("bytes", body.Bytes.Span);
        json.WriteEndObject();
    }

    private static CapturedBody Body(JsonElement body)
    {
        var (wire, sha256) = (body.GetProperty("wire_bytes").GetInt64(), Text(body, "sha256"));
        var isHash = sha256 is null || (sha256.Length == 64 && sha256.All(char.IsAsciiHexDigitLower));
        return wire >= 0 && isHash
            ? new CapturedBody { Bytes = body.GetProperty("bytes").GetBytesFromBase64(), WireBytes = wire, Truncated = body.GetProperty("truncated").GetBoolean(), Sha256 = sha256 }
            : throw new FormatException("No length, or no hash.");
    }

    private static List<HeaderField> Headers(JsonElement line, string name)
    {
        var words = line.GetProperty(name).EnumerateArray().Select(word => word.GetString()!).ToList();
        return words.Count % 2 == 0 ? [.. words.Chunk(2).Select(pair => new HeaderField(pair[0], pair[1]))] : throw new FormatException("A header without a value.");
    }

    private static string? Text(JsonElement holder, string name) => !holder.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.GetString() is { Length: <= TextCharsMax } text ? text
        : throw new FormatException($"{name} is too long.");

    private static TimeSpan? Time(JsonElement line, string name) => !line.TryGetProperty(name, out var value) ? null
        : value.GetInt64() is >= 0 and <= MicrosecondsMax and var microseconds ? TimeSpan.FromMicroseconds(microseconds)
        : throw new FormatException($"{name} is no time.");

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;
}
