namespace Lethe.Proxy.Configuration;

/// <summary>The effective configuration, section <c>Lethe</c>. Defaults stand here; the validator names every error.</summary>
public sealed class LetheOptions
{
    public const string Section = "Lethe";

    public string DataDirectory { get; set; } = DataHome.Default;

    public string Listen { get; set; } = "http://127.0.0.1:4141";

    public string AdminListen { get; set; } = "http://127.0.0.1:4142";

    /// <summary>Names beside loopback and the bound address by which lethe may be meant, or <c>*.ending</c>: a guard against DNS rebinding.</summary>
    public string[] AllowedHosts { get; set; } = [];

    /// <summary>The address under which a team reaches the page, where something stands in front of it; null when nothing does.</summary>
    public string? PublicUrl { get; set; }

    /// <summary>Addresses and CIDR networks of gateways that authenticate: their headers tell who asks, and nobody else's do.</summary>
    public string[] TrustedProxies { get; set; } = [];

    public string TrustedOrgHeader { get; set; } = "x-paper-auth-org-id";

    public string TrustedSubjectHeader { get; set; } = "x-paper-auth-subject";

    public TokenOptions Tokens { get; set; } = new();

    public OidcOptions Oidc { get; set; } = new();

    public ExtProcOptions ExtProc { get; set; } = new();

    public Dictionary<string, UpstreamOptions> Upstreams { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    public WebSocketOptions WebSockets { get; set; } = new();

    public ForwardingOptions Forwarding { get; set; } = new();

    public CaptureOptions Capture { get; set; } = new();

    public RedactionOptions Redaction { get; set; } = new();

    public JournalOptions Journal { get; set; } = new();

    public IngestOptions Ingest { get; set; } = new();

    public RetentionOptions Retention { get; set; } = new();

    /// <summary><c>sqlite</c>: a file in the data directory; <c>postgres</c>: a server that many recorders share; <c>memory</c>: gone with the process; <c>remote</c>: another lethe.</summary>
    public string Sink { get; set; } = "sqlite";

    public PostgresOptions Postgres { get; set; } = new();

    public RemoteOptions Remote { get; set; } = new();
}

/// <summary>The lethe of the sink <c>remote</c>.</summary>
public sealed class RemoteOptions
{
    /// <summary>Its admin listener, a base URL; the path is ours.</summary>
    public string Address { get; set; } = "";

    /// <summary>A file that holds the token to come in with, and nothing else; null where none is needed.</summary>
    public string? TokenFile { get; set; }
}

/// <summary>WebSockets at the forwarding door.</summary>
public sealed class WebSocketOptions
{
    /// <summary><c>relay</c>: they pass and are captured; <c>refuse</c>: their handshake is answered with 426, so that a client makes plain calls.</summary>
    public string Mode { get; set; } = "relay";
}

/// <summary>The server of the sink <c>postgres</c>.</summary>
public sealed class PostgresOptions
{
    /// <summary>As Npgsql reads it: <c>Host=…;Username=…;Password=…;Database=…</c>.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>A file that holds the password, and nothing else; for one that is not to stand in a configuration.</summary>
    public string? PasswordFile { get; set; }
}

/// <summary>Who has to show a token.</summary>
public sealed class TokenOptions
{
    /// <summary><c>auto</c>: whoever comes to a door that more than this machine can reach; <c>always</c>: everybody.</summary>
    public string Required { get; set; } = "auto";
}

/// <summary>An issuer whose JWTs are good beside lethe's own tokens.</summary>
public sealed class OidcOptions
{
    /// <summary>The issuer's address, which its discovery document lies under; null for none.</summary>
    public string? Authority { get; set; }

    /// <summary>What a token has to be made out for.</summary>
    public string Audience { get; set; } = "";

    /// <summary>What lethe is called at the issuer, where browsers sign in there (the code flow with PKCE, RFC 7636, of a client without a secret); null where they only show tokens.</summary>
    public string? ClientId { get; set; }

    /// <summary>What a browser that signs in asks the issuer for.</summary>
    public string SignInScope { get; set; } = "openid";

    /// <summary>The claim that names the organisation, a UUID; null where all bearers are of the one without a name.</summary>
    public string? OrgClaim { get; set; }

    public string SubjectClaim { get; set; } = "sub";

    /// <summary>What a token is good for whose <c>scope</c> or <c>scp</c> names none of <c>lethe.read</c>, <c>lethe.ingest</c>, <c>lethe.admin</c>.</summary>
    public string[] DefaultScopes { get; set; } = ["read"];
}

/// <summary>The Envoy door.</summary>
public sealed class ExtProcOptions
{
    /// <summary><c>http://host:port</c> or <c>unix:/path</c>; empty switches the door off.</summary>
    public string Listen { get; set; } = "http://127.0.0.1:4143";

    public int MessageBytesMax { get; set; } = 64 * 1024 * 1024;

    /// <summary>How much of calls' bodies may lie here at once, over all streams: messages that have not come whole, answers that have not left. Beyond it a call goes on unrecorded.</summary>
    public long InflightBytesMax { get; set; } = 256L * 1024 * 1024;

    /// <summary>The mode of the Unix socket, octal; Envoy's user has to be able to write to it.</summary>
    public string SocketMode { get; set; } = "600";

    /// <summary>A PEM certificate and its key; with them the door speaks TLS (ALPN <c>h2</c>).</summary>
    public string? CertificateFile { get; set; }

    public string? CertificateKeyFile { get; set; }

    /// <summary>A PEM file: the authorities whose client certificates the door then requires.</summary>
    public string? ClientAuthority { get; set; }

    /// <summary>Where Envoy waits for answers, take <c>x-lethe-*</c> and <c>x-tapes-*</c> off the request before the upstream sees it.</summary>
    public bool RemoveOwnHeaders { get; set; }

    /// <summary>Where Envoy waits for answers and shows request bodies, replace known shapes of secrets before the upstream sees them.</summary>
    public bool RedactRequests { get; set; }

    /// <summary>Where Envoy waits for answers, calls that are refused; each by a name that the record shows.</summary>
    public Dictionary<string, BlockOptions> Block { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How long running streams are heard after the process was asked to stop.</summary>
    public int DrainMilliseconds { get; set; } = 5000;
}

/// <summary>One kind of call to refuse. Every condition that is given must hold, and one must be given.</summary>
public sealed class BlockOptions
{
    /// <summary>How the path begins, as the client sent it.</summary>
    public string? PathPrefix { get; set; }

    /// <summary>The model that the request names, or its beginning and a star.</summary>
    public string? Model { get; set; }

    /// <summary>The harness's id, as far as headers tell it.</summary>
    public string? Harness { get; set; }

    /// <summary>The HTTP status of the reply: one of those of 400 and up that Envoy knows.</summary>
    public int Status { get; set; } = 403;

    /// <summary>A sentence for the problem document.</summary>
    public string? Detail { get; set; }
}

/// <summary>A model API behind the forwarding door.</summary>
public sealed class UpstreamOptions
{
    public string? Address { get; set; }

    public string? Provider { get; set; }

    public string? PathPrefix { get; set; }

    /// <summary>The HTTP version to ask for, <c>1.1</c> or <c>2</c>; a lower one is taken where the upstream has no other.</summary>
    public string? HttpVersion { get; set; }
}

/// <summary>The forwarding door. There is no limit on a whole call, only on silence.</summary>
public sealed class ForwardingOptions
{
    /// <summary>How long a call may go without a byte in either direction.</summary>
    public int ActivityTimeoutSeconds { get; set; } = 3600;

    public int ConnectTimeoutSeconds { get; set; } = 30;
}

public sealed class CaptureOptions
{
    /// <summary>How much of each direction is kept.</summary>
    public long BodyBytesMax { get; set; } = 64L * 1024 * 1024;

    /// <summary>How much may wait for the disk, over all calls; beyond it captures are dropped and counted.</summary>
    public long PendingBytesMax { get; set; } = 256L * 1024 * 1024;
}

public sealed class RedactionOptions
{
    /// <summary>Replace known shapes of secrets in bodies by kind-tagged marks.</summary>
    public bool Bodies { get; set; }
}

public sealed class JournalOptions
{
    public long SegmentBytesMax { get; set; } = 64L * 1024 * 1024;

    public int FlushIntervalMilliseconds { get; set; } = 5;

    public string Durability { get; set; } = "relaxed";

    public int PartIntervalMilliseconds { get; set; } = 1000;

    public int PartBytes { get; set; } = 256 * 1024;

    /// <summary>The journal's size on disk; what every consumer has passed goes first, oldest first. 0 is no bound.</summary>
    public long BytesMax { get; set; }
}

/// <summary>How long what is there is kept. 0 is for ever; pinned sessions stay.</summary>
public sealed class RetentionOptions
{
    /// <summary>What was said is forgotten when it is older.</summary>
    public double BodiesDays { get; set; }

    /// <summary>That it happened is forgotten when it is older.</summary>
    public double RecordsDays { get; set; }

    /// <summary>What the data directory may hold, oldest words first.</summary>
    public long BytesMax { get; set; }
}

/// <summary>From the journal into the store.</summary>
public sealed class IngestOptions
{
    /// <summary>What ended longer ago than this is taken in whatever the calls need; until then ingest gives way to them.</summary>
    public int LagSecondsMax { get; set; } = 5;

    /// <summary>While more than this waits in the journal, ingest gives way to nobody.</summary>
    public long LagBytesMax { get; set; } = 256L * 1024 * 1024;

    /// <summary>How long one line of a producer may be.</summary>
    public int LineBytesMax { get; set; } = 4 * 1024 * 1024;

    /// <summary>How long a producer's lines together may be.</summary>
    public long BodyBytesMax { get; set; } = 1024L * 1024 * 1024;
}
