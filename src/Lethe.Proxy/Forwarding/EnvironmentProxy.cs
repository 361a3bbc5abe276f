using System.Net;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// The proxy that <c>HTTPS_PROXY</c>, <c>HTTP_PROXY</c>, <c>ALL_PROXY</c> and <c>NO_PROXY</c> (in either case) name, read as curl reads them;
/// loopback addresses are always reached directly.
/// </summary>
internal sealed class EnvironmentProxy : IWebProxy
{
    private static readonly string[] AuthenticationSchemes = ["Basic", "Digest", "NTLM", "Negotiate"];

    private readonly Uri? https;
    private readonly Uri? http;
    private readonly string[] direct;
    private readonly CredentialCache credentials = new();

    /// <param name="environment">Gives the value of a variable, or null.</param>
    public EnvironmentProxy(Func<string, string?> environment)
    {
        string? Read(string name) => environment(name.ToLowerInvariant()) is { Length: > 0 } lower ? lower : environment(name);

        var all = Parse(Read("ALL_PROXY"));
        https = Parse(Read("HTTPS_PROXY")) ?? all;
        http = Parse(Read("HTTP_PROXY")) ?? all;
        direct = (Read("NO_PROXY") ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Credentials = credentials;
    }

    public bool IsSet => https is not null || http is not null;

    public ICredentials? Credentials { get; set; }

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : ProxyFor(destination);

    public bool IsBypassed(Uri host) => ProxyFor(host) is null || host.IsLoopback || direct.Any(entry => Covers(entry, host));

    private Uri? ProxyFor(Uri destination) => destination.Scheme is "https" or "wss" ? https : http;

    private static bool Covers(string entry, Uri host)
    {
        if (entry == "*")
        {
            return true;
        }

        if (IPNetwork.TryParse(entry, out var network) && IPAddress.TryParse(host.IdnHost, out var address))
        {
            return network.Contains(address);
        }

        var colon = entry.LastIndexOf(':');
        if (colon > 0 && entry.IndexOf(':', StringComparison.Ordinal) == colon && int.TryParse(entry.AsSpan(colon + 1), out var port))
        {
            if (port != host.Port)
            {
                return false;
            }

            entry = entry[..colon];
        }

        var domain = entry.TrimStart('*').TrimStart('.');
        return host.IdnHost.Equals(domain, StringComparison.OrdinalIgnoreCase)
            || host.IdnHost.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// The address without its <c>user:password@</c>, which goes into <paramref name="credentials"/>: .NET names a proxy by its whole address where its
    /// tunnel fails, and that text goes to the client, the log and the record.
    /// </summary>
    public static Uri WithoutUserInfo(Uri proxy, CredentialCache credentials)
    {
        if (proxy.UserInfo.Length == 0)
        {
            return proxy;
        }

        var parts = proxy.UserInfo.Split(':', 2);
        var bare = new UriBuilder(proxy) { UserName = "", Password = "" }.Uri;
        var credential = new NetworkCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        foreach (var scheme in AuthenticationSchemes)
        {
            credentials.Remove(bare, scheme);
            credentials.Add(bare, scheme, credential);
        }

        return bare;
    }

    private Uri? Parse(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        return Uri.TryCreate(value.Contains("://", StringComparison.Ordinal) ? value : "http://" + value, UriKind.Absolute, out var uri)
            ? WithoutUserInfo(uri, credentials)
            : null;
    }
}
