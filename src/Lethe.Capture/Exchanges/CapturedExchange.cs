using System.Security.Cryptography;

namespace Lethe.Capture.Exchanges;

/// <summary>The way an exchange came in.</summary>
public enum Door
{
    Forwarding,
    ExtProc,
    Ingest,
}

/// <summary>How the transport of an exchange ended, as far as the door could tell.</summary>
public enum Ending
{
    /// <summary>Both directions reached their end.</summary>
    Completed,

    /// <summary>The client went away before the response had ended.</summary>
    ClientAborted,

    /// <summary>The upstream cut the response off.</summary>
    UpstreamAborted,

    /// <summary>No response head ever came: refused, reset or timed out.</summary>
    NoResponse,

    /// <summary>The end was not seen, and nobody can say who went away.</summary>
    Incomplete,
}

/// <summary>One HTTP header line. Repeated headers stay repeated, in wire order; names keep the case they came in.</summary>
public readonly record struct HeaderField(string Name, string Value);

/// <summary>A failure below HTTP, as the door saw it: <c>connect</c>, <c>timeout</c>, <c>reset</c>, …</summary>
public sealed record TransportError(string Type, string Message);

/// <summary>The body of one direction, still content-encoded, as far as it was kept.</summary>
public sealed record CapturedBody
{
    public static readonly CapturedBody Empty = new() { Sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" };

    private readonly ReadOnlyMemory<byte> bytes;
    private readonly GrownBody? grown;

    /// <summary>What was kept: the wire bytes up to the capture limit, after redaction once it has run.</summary>
    public ReadOnlyMemory<byte> Bytes
    {
        get => grown is null ? bytes : grown.Whole;
        init => (bytes, grown) = (value, null);
    }

    /// <summary>The kept bytes where the journal knows how they begin, so that whoever knows it too need not have all of them read; else null.</summary>
    public GrownBody? Grown
    {
        get => grown;
        init => (bytes, grown) = (default, value);
    }

    /// <summary>The length of <see cref="Bytes"/>.</summary>
    public int KeptBytes => grown?.Length ?? bytes.Length;

    /// <summary>How many bytes went over the wire, kept or not.</summary>
    public long WireBytes { get; init; }

    /// <summary>Lower-case hex SHA-256 of all bytes on the wire, before redaction; null where nobody has needed it yet, for <see cref="Bytes"/> hold them all.</summary>
    public string? Sha256 { get; init; }

    /// <summary>True when the wire carried more than was kept.</summary>
    public bool Truncated { get; init; }

    /// <summary>True when the kept bytes are all that the wire carried.</summary>
    public bool IsWhole => !Truncated && KeptBytes == WireBytes;

    /// <summary>The body with its hash, as far as the kept bytes can tell it.</summary>
    public CapturedBody Hashed() => Sha256 is null && IsWhole
        ? this with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(Bytes.Span)) }
        : this;
}

/// <summary>One HTTP call as it was on the wire: what every door hands over and the journal keeps.</summary>
public sealed record CapturedExchange
{
    /// <summary>The attribute that tells why a door kept no body, as one word.</summary>
    public const string WithheldAttribute = "lethe.capture.withheld";

    /// <summary>The attribute of an answer whose content coding was undone before it was kept, and had not reached its end.</summary>
    public const string ResponseCutAttribute = "lethe.capture.response_cut";

    /// <summary>The attribute of a model call inside a WebSocket: the id of the exchange of the handshake.</summary>
    public const string ConnectionAttribute = "lethe.connection_id";

    public required ExchangeId Id { get; init; }

    /// <summary>The idempotency key of this delivery; the exchange id unless a producer brought its own.</summary>
    public required string CommitKey { get; init; }

    /// <summary>The owning organisation, a UUID; the nil UUID when nobody said.</summary>
    public string OrgId { get; init; } = Organisation.None;

    /// <summary>The authenticated subject, as told by a trusted gateway; null when unknown.</summary>
    public string? AuthSubject { get; init; }

    public required Door Door { get; init; }

    /// <summary>When the request headers arrived, UTC, microsecond precision.</summary>
    public required DateTimeOffset CapturedAt { get; init; }

    public required string Method { get; init; }

    /// <summary>The path as the upstream sees it: our own prefix removed, no query.</summary>
    public required string Path { get; init; }

    /// <summary>The query with its question mark, or empty.</summary>
    public string Query { get; init; } = "";

    /// <summary>The name of the upstream that the route chose; null when unknown.</summary>
    public string? Upstream { get; init; }

    /// <summary>The authority (host and port) that the call went to; null when unknown.</summary>
    public string? UpstreamHost { get; init; }

    /// <summary>The vendor (<c>anthropic</c>, <c>openai</c>, <c>groq</c>, …), as configured for the route; null lets path and host decide.</summary>
    public string? Provider { get; init; }

    /// <summary>The client's side of the call: <c>HTTP/1.1</c> or <c>HTTP/2</c>.</summary>
    public string HttpVersion { get; init; } = "HTTP/1.1";

    public IReadOnlyList<HeaderField> RequestHeaders { get; init; } = [];

    /// <summary>Keyed fingerprint of the credential the call carried (hex); never the credential. Null when it carried none.</summary>
    public string? CredentialFingerprint { get; init; }

    public CapturedBody Request { get; init; } = CapturedBody.Empty;

    /// <summary>HTTP status; null when no response head came.</summary>
    public int? Status { get; init; }

    public IReadOnlyList<HeaderField> ResponseHeaders { get; init; } = [];

    public IReadOnlyList<HeaderField> ResponseTrailers { get; init; } = [];

    public CapturedBody Response { get; init; } = CapturedBody.Empty;

    public required Ending Ending { get; init; }

    /// <summary>Why the ending is what it is (<c>recorder_stopped</c>, <c>deadline</c>, …); null when there is nothing to add.</summary>
    public string? EndingReason { get; init; }

    public TransportError? TransportError { get; init; }

    /// <summary>From the request headers to the first response header, at the door; null when none came.</summary>
    public TimeSpan? TimeToFirstByte { get; init; }

    /// <summary>From the request headers to the end, whichever end it was.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>What a door knows beside the wire (Envoy attributes, route); names are the source's own.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();
}
