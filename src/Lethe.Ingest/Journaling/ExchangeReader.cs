using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>Reads the data of a line back. Strict: an unknown field or word is an error, never a default (a <see cref="FormatException"/> or <see cref="JsonException"/>).</summary>
internal ref struct ExchangeReader
{
    private static readonly CapturedExchange Blank = new()
    {
        Id = default,
        CommitKey = "",
        Door = default,
        CapturedAt = default,
        Method = "",
        Path = "",
        Ending = Ending.Incomplete,
    };

    private readonly EarlierRequests? earlier;
    private Utf8JsonReader json;

    private ExchangeReader(ReadOnlySpan<byte> data, EarlierRequests? earlier = null)
    {
        json = new Utf8JsonReader(data);
        this.earlier = earlier;
    }

    /// <summary>Reads a whole form, or a part, whose missing fields keep the values that nobody uses.</summary>
    /// <param name="earlier">Where a request is found that this one repeats; null when there can be none.</param>
    public static CapturedExchange Read(ReadOnlySpan<byte> data, EarlierRequests? earlier = null)
    {
        var reader = new ExchangeReader(data, earlier);
        return reader.ReadExchange();
    }

    /// <summary>The id alone, which comes first in every form.</summary>
    public static ExchangeId ReadId(ReadOnlySpan<byte> data)
    {
        var reader = new ExchangeReader(data);
        reader.Expect(JsonTokenType.StartObject);
        reader.Expect(JsonTokenType.PropertyName);
        reader.Expect(JsonTokenType.String);
        return reader.Id();
    }

    private CapturedExchange ReadExchange()
    {
        var exchange = Blank;
        string? errorType = null;
        Expect(JsonTokenType.StartObject);
        while (Next() == JsonTokenType.PropertyName)
        {
            var name = JsonText.Unescape(json.ValueSpan);
            Next();
            if (name == "transport_error")
            {
                errorType = Text();
            }
            else if (name == "transport_message")
            {
                exchange = exchange with { TransportError = new TransportError(errorType ?? "", Text()) };
            }
            else
            {
                exchange = ReadRequestField(exchange, name) ?? ReadResponseField(exchange, name)
                    ?? throw new FormatException($"An unknown field, {name}.");
            }
        }

        return exchange;
    }

    private CapturedExchange? ReadRequestField(CapturedExchange exchange, string name) => name switch
    {
        "id" => exchange with { Id = Id() },
        "commit_key" => exchange with { CommitKey = Text() },
        "org" => exchange with { OrgId = Text() },
        "subject" => exchange with { AuthSubject = Text() },
        "door" => exchange with { Door = Word<Door>() },
        "at_us" => exchange with { CapturedAt = DateTimeOffset.UnixEpoch.AddTicks(json.GetInt64() * TimeSpan.TicksPerMicrosecond) },
        "method" => exchange with { Method = Text() },
        "path" => exchange with { Path = Text() },
        "query" => exchange with { Query = Text() },
        "upstream" => exchange with { Upstream = Text() },
        "host" => exchange with { UpstreamHost = Text() },
        "provider" => exchange with { Provider = Text() },
        "http" => exchange with { HttpVersion = Text() },
        "credential" => exchange with { CredentialFingerprint = Text() },
        "request_headers" => exchange with { RequestHeaders = Headers() },
        "request" => exchange with { Request = Body() },
        _ => null,
    };

    private CapturedExchange? ReadResponseField(CapturedExchange exchange, string name) => name switch
    {
        "status" => exchange with { Status = json.GetInt32() },
        "first_byte_ticks" => exchange with { TimeToFirstByte = new TimeSpan(json.GetInt64()) },
        "response_headers" => exchange with { ResponseHeaders = Headers() },
        "response" => exchange with { Response = Body() },
        "trailers" => exchange with { ResponseTrailers = Headers() },
        "ending" => exchange with { Ending = Word<Ending>() },
        "ending_reason" => exchange with { EndingReason = Text() },
        "duration_ticks" => exchange with { Duration = new TimeSpan(json.GetInt64()) },
        "attributes" => exchange with { Attributes = Attributes() },
        _ => null,
    };

    private CapturedBody Body()
    {
        var body = new CapturedBody();
        RepeatedRequest? repeated = null;
        Expect(JsonTokenType.StartObject, isNext: false);
        while (Next() == JsonTokenType.PropertyName)
        {
            var name = JsonText.Unescape(json.ValueSpan);
            Next();
            if (name == "repeats")
            {
                repeated = Repeated();
                continue;
            }

            body = name switch
            {
                "wire" => body with { WireBytes = json.GetInt64() },
                "sha256" => body with { Sha256 = Text() },
                "truncated" => body with { Truncated = json.GetBoolean() },
                "base64" => body with { Bytes = json.GetBytesFromBase64() },
                "head" => body with { Bytes = json.GetBytesFromBase64() },
                "text" => body with { Bytes = Joined(body.Bytes, JsonText.UnescapeBytes(json.ValueSpan)) },
                "tail" => body with { Bytes = Joined(body.Bytes, json.GetBytesFromBase64()) },
                _ => throw new FormatException($"An unknown field of a body, {name}."),
            };
        }

        return (repeated is { } from ? Completed(body, from) : body).Hashed();
    }

    private RepeatedRequest Repeated()
    {
        Expect(JsonTokenType.StartArray, isNext: false);
        var repeated = new RepeatedRequest(new JournalPosition(default, earlier?.Segment ?? 0, Number(), Number()), (int)Number(int.MaxValue), (int)Number(int.MaxValue));
        Expect(JsonTokenType.EndArray);
        return repeated;
    }

    private readonly CapturedBody Completed(CapturedBody body, RepeatedRequest from)
    {
        if (earlier is null)
        {
            throw new FormatException("A request that repeats another, where none can be.");
        }

        if (earlier.Find(from.At) is not { } whole)
        {
            return body;
        }

        return (long)from.Head + from.Tail <= whole.Length
            ? body with { Bytes = (byte[])[.. whole.Span[..from.Head], .. body.Bytes.Span, .. whole.Span[^from.Tail..]] }
            : throw new FormatException("A request repeats more than there was.");
    }

    private static ReadOnlyMemory<byte> Joined(ReadOnlyMemory<byte> first, byte[] second) =>
        first.IsEmpty ? second : (byte[])[.. first.Span, .. second];

    private List<HeaderField> Headers()
    {
        var headers = new List<HeaderField>();
        Expect(JsonTokenType.StartArray, isNext: false);
        while (Next() == JsonTokenType.String)
        {
            var name = Text();
            Expect(JsonTokenType.String);
            headers.Add(new HeaderField(name, Text()));
        }

        return headers;
    }

    private Dictionary<string, string> Attributes()
    {
        var attributes = new Dictionary<string, string>();
        Expect(JsonTokenType.StartObject, isNext: false);
        while (Next() == JsonTokenType.PropertyName)
        {
            var key = JsonText.Unescape(json.ValueSpan);
            Expect(JsonTokenType.String);
            attributes.Add(key, Text());
        }

        return attributes;
    }

    private readonly T Word<T>()
        where T : struct, Enum =>
        Enum.TryParse<T>(Text(), out var word) && Enum.IsDefined(word) ? word : throw new FormatException($"An unknown {typeof(T).Name}.");

    private readonly ExchangeId Id() => ExchangeId.TryParse(Text(), out var id) ? id : throw new FormatException("An id that is no UUID.");

    private readonly string Text() => json.TokenType == JsonTokenType.String
        ? JsonText.Unescape(json.ValueSpan)
        : throw new FormatException("Text was expected.");

    private long Number(long max = long.MaxValue)
    {
        Expect(JsonTokenType.Number);
        var value = json.GetInt64();
        return value >= 0 && value <= max ? value : throw new FormatException("A number out of its range.");
    }

    private JsonTokenType Next() => json.Read() ? json.TokenType : throw new FormatException("The data ends too early.");

    private void Expect(JsonTokenType type, bool isNext = true)
    {
        if ((isNext ? Next() : json.TokenType) != type)
        {
            throw new FormatException($"{type} was expected.");
        }
    }
}
