using Lethe.Proxy.Forwarding;

namespace Lethe.Proxy.Exec;

/// <summary>Turns the base address that an agent would have used into one of ours that leads to the same place.</summary>
internal sealed class BaseAddresses(Surroundings world)
{
    /// <summary>Stands for the door's address until it is known.</summary>
    public const string Door = "http://door.lethe.invalid";

    private readonly Dictionary<string, UpstreamChoice> chosen = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Upstreams that this run needs to be elsewhere than configured, by name.</summary>
    public IReadOnlyDictionary<string, UpstreamChoice> Chosen => chosen;

    /// <summary>Our address for <paramref name="found"/>; for the upstream as configured, with <paramref name="path"/>, when nothing was found, or only ourselves.</summary>
    public string Through(string upstream, string? found, string path, string? provider = null)
    {
        if (found is null || Parse(upstream == "ollama" ? OllamaHost(found) : found) is not { } address || IsOurs(address))
        {
            return Door + Prefix(upstream) + path;
        }

        var known = world.Upstreams.OrderByDescending(candidate => candidate.Name == upstream).FirstOrDefault(candidate => Covers(candidate, address));
        if (known is not null)
        {
            chosen.Remove(known.Name);
            return Door + known.PathPrefix + address.AbsolutePath[BasePath(known).Length..].TrimEnd('/');
        }

        chosen[upstream] = new UpstreamChoice(address.GetLeftPart(UriPartial.Authority), Vendor.Find(upstream) is null ? provider : null);
        return Door + Prefix(upstream) + address.AbsolutePath.TrimEnd('/');
    }

    /// <summary>False for what cannot be led anywhere.</summary>
    public static bool IsAddress(string text) => Parse(text) is not null;

    /// <summary>True for an address that leads to lethe.</summary>
    public bool IsOurs(string address) => Parse(address) is { } parsed && IsOurs(parsed);

    /// <summary>A provider's id, in the user's own words, as the name of an upstream: letters, digits and hyphens.</summary>
    public static string UpstreamName(string id) => string.Concat(id.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));

    private bool IsOurs(Uri address) => world.Doors.Any(door =>
        Uri.TryCreate(door, UriKind.Absolute, out var ours) && ours.Port == address.Port
        && (ours.Host == address.Host || (ours.IsLoopback && address.IsLoopback)));

    private string Prefix(string upstream) =>
        world.Upstreams.FirstOrDefault(candidate => candidate.Name.Equals(upstream, StringComparison.OrdinalIgnoreCase))?.PathPrefix ?? "/" + upstream;

    private static bool Covers(Upstream upstream, Uri address)
    {
        var path = BasePath(upstream);
        return Uri.TryCreate(upstream.Address, UriKind.Absolute, out var target)
            && target.Scheme == address.Scheme
            && target.Port == address.Port
            && (target.Host == address.Host || (target.IsLoopback && address.IsLoopback))
            && address.AbsolutePath.StartsWith(path, StringComparison.Ordinal)
            && (address.AbsolutePath.Length == path.Length || path.Length == 0 || address.AbsolutePath[path.Length] == '/');
    }

    private static string BasePath(Upstream upstream) => new Uri(upstream.Address).AbsolutePath.TrimEnd('/');

    // What the client makes of OLLAMA_HOST: a port of its own, and a server's word for «all interfaces».
    private static string OllamaHost(string text)
    {
        var host = text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
        if (Uri.TryCreate(host, UriKind.Absolute, out var address) && host != text && address.IsDefaultPort && !text.Contains(":80", StringComparison.Ordinal))
        {
            host = new UriBuilder(address) { Port = 11434 }.Uri.ToString();
        }

        return host.Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal);
    }

    private static Uri? Parse(string text) =>
        Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out var address)
        && address.Scheme is "http" or "https" ? address : null;
}

/// <summary>Where an upstream of this run is: scheme and authority, and the vendor's word when it is not the usual one.</summary>
internal sealed record UpstreamChoice(string Address, string? Provider);
