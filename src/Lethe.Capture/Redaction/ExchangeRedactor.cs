using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>Takes credentials out of an exchange before anything of it reaches a disk, and known secrets out of its bodies when asked to.</summary>
public sealed class ExchangeRedactor
{
    /// <summary>Attributes that tell the content coding which a kept body no longer has.</summary>
    public const string RequestCodingAttribute = "lethe.redaction.request_content_encoding";
    public const string ResponseCodingAttribute = "lethe.redaction.response_content_encoding";

    /// <summary>Attributes that tell why a body was not kept.</summary>
    public const string RequestWithheldAttribute = "lethe.redaction.request_withheld";
    public const string ResponseWithheldAttribute = "lethe.redaction.response_withheld";

    /// <summary>The attribute that tells that bodies were redacted: what is decoded out of them is redacted by the same rule.</summary>
    public const string BodiesAttribute = "lethe.redaction.bodies";

    private readonly CredentialKey key;
    private readonly bool bodies;

    /// <param name="key">The key that fingerprints are taken with.</param>
    /// <param name="bodies">Whether bodies are redacted too.</param>
    public ExchangeRedactor(CredentialKey key, bool bodies)
    {
        this.key = key;
        this.bodies = bodies;
    }

    /// <summary>False when bodies stay as they are.</summary>
    public bool RedactsBodies => bodies;

    /// <summary>The exchange as it may be written: head and bodies.</summary>
    public CapturedExchange Redact(CapturedExchange exchange)
    {
        var head = RedactHead(exchange);
        if (!bodies)
        {
            return head;
        }

        using var request = OpenBody(exchange.RequestHeaders);
        using var response = OpenBody(exchange.ResponseHeaders);
        var redacted = head with { Request = Whole(exchange.Request, request), Response = Whole(exchange.Response, response) };
        return MarkWithheld(redacted, request, response);
    }

    /// <summary>The exchange without credentials, its bodies as they are: for one whose bodies go through <see cref="OpenBody"/> in parts.</summary>
    public CapturedExchange RedactHead(CapturedExchange exchange) => exchange with
    {
        Path = TextRedaction.Apply(exchange.Path),
        Query = TextRedaction.Apply(QueryMask.Apply(exchange.Query)),
        UpstreamHost = exchange.UpstreamHost is { } host ? host[(host.LastIndexOf('@') + 1)..] : null,
        RequestHeaders = Keep(exchange.RequestHeaders, exchange.Attributes.ContainsKey(CapturedExchange.WithheldAttribute)),
        CredentialFingerprint = Credentials.Find(exchange.RequestHeaders, exchange.Query) is { } credential
            ? key.Fingerprint(credential)
            : exchange.CredentialFingerprint,
        ResponseHeaders = Keep(exchange.ResponseHeaders),
        ResponseTrailers = Keep(exchange.ResponseTrailers),
        TransportError = exchange.TransportError is { } error ? error with { Message = TextRedaction.Apply(error.Message) } : null,
        Attributes = KeepAttributes(exchange),
    };

    /// <summary>A redactor for one direction's body, by that direction's headers as they came, for where bodies are redacted.</summary>
    public static BodyRedactor OpenBody(IReadOnlyList<HeaderField> headers)
    {
        var type = headers.First("content-type") ?? "";
        // Frames of a binary stream carry their length.
        var framed = type.StartsWith("application/vnd.amazon.eventstream", StringComparison.OrdinalIgnoreCase);
        var isLines = type.Contains("ndjson", StringComparison.OrdinalIgnoreCase) || type.Contains("jsonl", StringComparison.OrdinalIgnoreCase);
        return new BodyRedactor(Coding(headers), new PlainRedactor(framed, isLines));
    }

    /// <summary>Marks bodies that could not be kept, and a coded answer that was cut, once their redactors have come to the end.</summary>
    public static CapturedExchange MarkWithheld(CapturedExchange exchange, BodyRedactor request, BodyRedactor response)
    {
        if (request.WithheldReason is null && response.WithheldReason is null && !response.IsCut)
        {
            return exchange;
        }

        var attributes = new Dictionary<string, string>(exchange.Attributes);
        if (response.IsCut)
        {
            attributes[CapturedExchange.ResponseCutAttribute] = "true";
        }

        return exchange with
        {
            Request = Mark(exchange.Request, request, RequestWithheldAttribute, attributes),
            Response = Mark(exchange.Response, response, ResponseWithheldAttribute, attributes),
            Attributes = attributes,
        };
    }

    private static CapturedBody Mark(CapturedBody body, BodyRedactor redactor, string attribute, Dictionary<string, string> attributes)
    {
        if (redactor.WithheldReason is not { } reason)
        {
            return body;
        }

        attributes[attribute] = reason;
        return body with { Truncated = true };
    }

    private static CapturedBody Whole(CapturedBody body, BodyRedactor redactor)
    {
        if (body.Bytes.IsEmpty)
        {
            return body;
        }

        byte[] redacted = [.. redactor.Append(body.Bytes.Span), .. redactor.Complete()];
        return body with { Bytes = redacted };
    }

    private List<HeaderField> Keep(IReadOnlyList<HeaderField> headers, bool withheld = false)
    {
        List<HeaderField> kept = new(headers.Count);
        foreach (var (name, value) in headers)
        {
            if (HeaderAllowList.Allows(name) && !(bodies && IsCoding(name, headers)))
            {
                kept.Add(new HeaderField(name, TextRedaction.Apply(Told(name, value, withheld))));
            }
        }

        return kept;
    }

    private static string Told(string name, string value, bool withheld) =>
        withheld && TurnMetadata.Is(name) ? TurnMetadata.IdsOnly(value)
        : name.EndsWith("referer", StringComparison.OrdinalIgnoreCase) ? QueryMask.ApplyToAddress(value)
        : value;

    private Dictionary<string, string> KeepAttributes(CapturedExchange exchange)
    {
        Dictionary<string, string> kept = [];
        foreach (var (name, value) in exchange.Attributes)
        {
            if (!HeaderAllowList.SaysSecret(name))
            {
                var question = value.IndexOf('?', StringComparison.Ordinal);
                kept[name] = TextRedaction.Apply(
                    name.EndsWith("query", StringComparison.Ordinal) ? QueryMask.Apply(value)
                    : question >= 0 ? value[..question] + QueryMask.Apply(value[question..])
                    : value);
            }
        }

        if (bodies)
        {
            kept[BodiesAttribute] = "true";
        }

        Note(kept, RequestCodingAttribute, exchange.RequestHeaders);
        Note(kept, ResponseCodingAttribute, exchange.ResponseHeaders);
        return kept;
    }

    private void Note(Dictionary<string, string> attributes, string name, IReadOnlyList<HeaderField> headers)
    {
        if (bodies && Coding(headers) is { } coding)
        {
            attributes[name] = coding;
        }
    }

    private static bool IsCoding(string name, IReadOnlyList<HeaderField> headers) =>
        name.Equals("content-encoding", StringComparison.OrdinalIgnoreCase) && Coding(headers) is not null;

    /// <summary>The content coding, or null for a plain body.</summary>
    private static string? Coding(IReadOnlyList<HeaderField> headers) =>
        headers.Joined("content-encoding") is { } coding && coding.Split(',', StringSplitOptions.TrimEntries)
            .Any(token => token.Length > 0 && !token.Equals("identity", StringComparison.OrdinalIgnoreCase))
            ? coding
            : null;
}
