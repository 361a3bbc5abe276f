using System.Globalization;
using System.Net;
using Lethe.Envoy;

namespace Lethe.Proxy.Configuration;

/// <summary>What the options must be. All errors at once, each beginning with its key.</summary>
internal sealed class LetheOptionsValidator
{
    private const long KiB = 1024;
    private const long MiB = 1024 * KiB;
    private const long GiB = 1024 * MiB;

    private readonly List<string> errors = [];

    public static IReadOnlyList<string> Validate(LetheOptions options)
    {
        var validator = new LetheOptionsValidator();
        validator.Check(options);
        return validator.errors;
    }

    private void Check(LetheOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.DataDirectory))
        {
            Refuse("DataDirectory", "must name a directory.");
        }

        CheckDoors(options);
        CheckNames(options);
        foreach (var peer in options.TrustedProxies.Where(peer => PeerNetwork.Parse(peer) is null))
        {
            Refuse("TrustedProxies", $"'{peer}' is neither an address nor a network in CIDR notation.");
        }

        CheckIssuer(options.Oidc);
        OneOf("Tokens:Required", options.Tokens.Required, "auto", "always");
        foreach (var (name, upstream) in options.Upstreams)
        {
            CheckUpstream("Upstreams:" + name, upstream);
            if (upstream.Address is null && Vendor.Find(name) is null)
            {
                Refuse($"Upstreams:{name}:Address", $"is missing, and there is no built-in upstream '{name}'.");
            }
        }

        CheckPrefixes(options);
        InRange("Forwarding:ActivityTimeoutSeconds", options.Forwarding.ActivityTimeoutSeconds, 1, 7 * 24 * 3600);
        InRange("Forwarding:ConnectTimeoutSeconds", options.Forwarding.ConnectTimeoutSeconds, 1, 3600);
        InRange("ExtProc:MessageBytesMax", options.ExtProc.MessageBytesMax, 64 * KiB, GiB);
        InRange("ExtProc:InflightBytesMax", options.ExtProc.InflightBytesMax, MiB, 64 * GiB);
        InRange("ExtProc:DrainMilliseconds", options.ExtProc.DrainMilliseconds, 0, 600_000);
        if (!SocketMode.TryParse(options.ExtProc.SocketMode, out _))
        {
            Refuse("ExtProc:SocketMode", $"'{options.ExtProc.SocketMode}' is no octal file mode like 600.");
        }

        if (options.ExtProc.CertificateFile is null != options.ExtProc.CertificateKeyFile is null)
        {
            Refuse("ExtProc:CertificateFile", "and ExtProc:CertificateKeyFile must be given together.");
        }

        if (options.ExtProc is { ClientAuthority: not null, CertificateFile: null })
        {
            Refuse("ExtProc:ClientAuthority", "needs ExtProc:CertificateFile: without TLS nobody shows a certificate.");
        }

        foreach (var (name, rule) in options.ExtProc.Block)
        {
            CheckBlock("ExtProc:Block:" + name, rule);
        }

        InRange("Capture:BodyBytesMax", options.Capture.BodyBytesMax, 0, GiB);
        InRange("Capture:PendingBytesMax", options.Capture.PendingBytesMax, MiB, 64 * GiB);
        InRange("Journal:SegmentBytesMax", options.Journal.SegmentBytesMax, 4 * KiB, 16 * GiB);
        InRange("Journal:FlushIntervalMilliseconds", options.Journal.FlushIntervalMilliseconds, 0, 1000);
        InRange("Journal:PartIntervalMilliseconds", options.Journal.PartIntervalMilliseconds, 10, 60_000);
        InRange("Journal:PartBytes", options.Journal.PartBytes, KiB, 64 * MiB);
        InRange("Journal:BytesMax", options.Journal.BytesMax, 0, 1024 * 1024 * GiB);
        InRange("Retention:BytesMax", options.Retention.BytesMax, 0, 1024 * 1024 * GiB);
        if (options.Sink == "memory" && (options.Retention.BodiesDays > 0 || options.Retention.RecordsDays > 0 || options.Retention.BytesMax > 0))
        {
            Refuse("Retention", "is not of the sink memory.");
        }

        CheckDays("Retention:BodiesDays", options.Retention.BodiesDays);
        CheckDays("Retention:RecordsDays", options.Retention.RecordsDays);
        InRange("Ingest:LagSecondsMax", options.Ingest.LagSecondsMax, 0, 24 * 3600);
        InRange("Ingest:LineBytesMax", options.Ingest.LineBytesMax, 1024, 64 * 1024 * 1024);
        InRange("Ingest:BodyBytesMax", options.Ingest.BodyBytesMax, 1024, 1024 * GiB);
        InRange("Ingest:LagBytesMax", options.Ingest.LagBytesMax, 0, 1024 * GiB);
        OneOf("Journal:Durability", options.Journal.Durability, "relaxed", "strict");
        OneOf("WebSockets:Mode", options.WebSockets.Mode, "relay", "refuse");
        OneOf("Sink", options.Sink, "sqlite", "postgres", "memory", "remote");
        if (options.Sink == "postgres" && options.Postgres.ConnectionString.Length == 0)
        {
            Refuse("Postgres:ConnectionString", "the sink 'postgres' needs it.");
        }

        if (options.Sink == "remote" && !(Uri.TryCreate(options.Remote.Address, UriKind.Absolute, out var centre) && (centre.Scheme == Uri.UriSchemeHttp || centre.Scheme == Uri.UriSchemeHttps)))
        {
            Refuse("Remote:Address", "the sink 'remote' needs it: the address of the admin listener of another lethe.");
        }

        if (options.Remote.TokenFile is { } tokens && !File.Exists(tokens))
        {
            Refuse("Remote:TokenFile", $"there is no file {tokens}.");
        }

        if (options.Postgres.PasswordFile is { } file && !File.Exists(file))
        {
            Refuse("Postgres:PasswordFile", $"there is no file {file}.");
        }
    }

    private void CheckIssuer(OidcOptions oidc)
    {
        if (oidc.Authority is null)
        {
            return;
        }

        if (!Uri.TryCreate(oidc.Authority, UriKind.Absolute, out var authority) || (authority.Scheme != Uri.UriSchemeHttps && !(authority.Scheme == Uri.UriSchemeHttp && authority.IsLoopback)))
        {
            Refuse("Oidc:Authority", $"'{oidc.Authority}' is no https address, nor an http one of this machine.");
        }

        if (oidc.Audience.Length == 0)
        {
            Refuse("Oidc:Audience", "is missing: a token made out for somebody else would be good here.");
        }

        foreach (var scope in oidc.DefaultScopes)
        {
            OneOf("Oidc:DefaultScopes", scope, "read", "ingest", "admin");
        }
    }

    private void CheckDoors(LetheOptions options)
    {
        var doors = new List<(string Key, EndPoint EndPoint)>();
        CheckDoor("Listen", options.Listen, doors);
        CheckDoor("AdminListen", options.AdminListen, doors);
        if (options.ExtProc.Listen.Length > 0)
        {
            CheckDoor("ExtProc:Listen", options.ExtProc.Listen, doors, unixToo: true);
        }

        for (var i = 1; i < doors.Count; i++)
        {
            var (key, endPoint) = doors[i];
            var twin = doors.FindIndex(other => other.EndPoint.Equals(endPoint));
            if (twin < i && endPoint is IPEndPoint { Port: > 0 })
            {
                Refuse(key, $"is the same address as {LetheOptions.Section}:{doors[twin].Key}.");
            }
        }
    }

    private void CheckDoor(string key, string value, List<(string Key, EndPoint EndPoint)> doors, bool unixToo = false)
    {
        if (!ListenAddress.TryParse(value, out var address) || (address.UnixPath is not null && !unixToo))
        {
            Refuse(key, $"'{value}' is not {ListenAddress.Shape}{(unixToo ? ", nor unix:/absolute/path" : "")}.");
        }
        else if (address.EndPoint is { } endPoint)
        {
            doors.Add((key, endPoint));
        }
    }

    private void CheckNames(LetheOptions options)
    {
        foreach (var name in options.AllowedHosts)
        {
            var host = name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name;
            if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
            {
                Refuse("AllowedHosts", $"'{name}' is not a host's name or address without a port, nor *. and the ending of names.");
            }
        }

        if (options.PublicUrl is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", Query: "", Fragment: "", UserInfo: "" }))
        {
            Refuse("PublicUrl", $"'{EffectiveConfiguration.WithoutUserInfo(url)}' is not an http:// or https:// address without query.");
        }
    }

    private void CheckUpstream(string key, UpstreamOptions upstream)
    {
        if (upstream.Address is { } address
            && !(Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", Query: "", Fragment: "" }))
        {
            Refuse(key + ":Address", $"'{EffectiveConfiguration.WithoutUserInfo(address)}' is not an http:// or https:// address without query.");
        }

        if (upstream.Provider is { } provider && (provider.Length == 0 || provider.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))))
        {
            Refuse(key + ":Provider", $"'{provider}' is not a word of letters, digits, '-', '_' and '.'.");
        }

        OneOf(key + ":HttpVersion", upstream.HttpVersion ?? "1.1", "1.1", "2");
        if (upstream.PathPrefix is { } prefix && prefix != "/" && (prefix.Length < 2 || prefix[0] != '/' || prefix.EndsWith('/') || prefix.AsSpan().ContainsAny("?#{} ")))
        {
            Refuse(key + ":PathPrefix", $"'{prefix}' is not a path like /name, nor / alone.");
        }
    }

    private void CheckBlock(string key, BlockOptions rule)
    {
        if (rule is { PathPrefix: null, Model: null, Harness: null })
        {
            Refuse(key, "needs PathPrefix, Model or Harness: it would refuse every call.");
        }

        if (rule.PathPrefix is { } prefix && !prefix.StartsWith('/'))
        {
            Refuse(key + ":PathPrefix", $"'{prefix}' is not the beginning of a path like /v1/.");
        }

        if (rule.Model is { } model && (model.Length == 0 || model.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star && star < model.Length - 1))
        {
            Refuse(key + ":Model", $"'{model}' is not a model's name, nor its beginning and a star.");
        }

        if (rule.Harness is { Length: 0 })
        {
            Refuse(key + ":Harness", "'' is not a harness's id.");
        }

        if (rule.Status < 400 || !Enum.IsDefined((StatusCode)rule.Status))
        {
            Refuse(key + ":Status", $"{rule.Status} is not a status of 400 and up that Envoy can answer with.");
        }
    }

    private void CheckPrefixes(LetheOptions options)
    {
        foreach (var group in Upstream.From(options).GroupBy(upstream => upstream.PathPrefix, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            Refuse("Upstreams", $"{string.Join(" and ", group.Select(upstream => upstream.Name))} share the prefix {group.Key}/.");
        }
    }

    private void CheckDays(string key, double days)
    {
        const double CenturyDays = 36_500;
        if (days is not (>= 0 and <= CenturyDays))
        {
            Refuse(key, string.Create(CultureInfo.InvariantCulture, $"{days} is not between 0 and {CenturyDays}."));
        }
    }

    private void InRange(string key, long value, long min, long max)
    {
        if (value < min || value > max)
        {
            Refuse(key, $"{value} is not between {min} and {max}.");
        }
    }

    private void OneOf(string key, string value, params ReadOnlySpan<string> allowed)
    {
        if (!allowed.Contains(value))
        {
            Refuse(key, $"'{value}' is not one of: {string.Join(", ", allowed)}.");
        }
    }

    private void Refuse(string key, string why) => errors.Add($"{LetheOptions.Section}:{key}: {why}");
}
