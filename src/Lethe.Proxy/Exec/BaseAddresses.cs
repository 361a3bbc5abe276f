using System.Net;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Forwarding;

namespace Lethe.Proxy.Exec;

/// <summary>Turns the base address that an agent would have used into one of ours that leads to the same place.</summary>
internal sealed class BaseAddresses(ExecEnvironment world)
{
    /// <summary>Stands for the door's address until it is known.</summary>
    public const string Door = "http://door.lethe.invalid";

    private const string Ollama = "ollama";
    private const int OllamaPort = 11434;

    private readonly List<Upstream> upstreams = [.. world.Upstreams];
    private readonly Dictionary<string, UpstreamChoice> chosen = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> led = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<UpstreamRoute> routes = [];

    /// <summary>Upstreams that this run needs beside the configured ones, or elsewhere than those, by name.</summary>
    public IReadOnlyDictionary<string, UpstreamChoice> Chosen => chosen;

    /// <summary>Where each address that was given out leads.</summary>
    public IReadOnlyList<UpstreamRoute> Routes => routes;

    /// <summary>Our address for <paramref name="found"/>; for the upstream as configured, with <paramref name="path"/>, when nothing was found, or only ourselves.</summary>
    /// <param name="isSpare">True for what the agent itself does not read: where nothing was found, it is not told.</param>
    public string Through(string upstream, FoundAddress? found, string path, string? provider = null, bool isSpare = false)
    {
        if (Destination(upstream, found?.Value, path) is not { } address)
        {
            led.Add(upstream);
            var usual = Find(upstreams, upstream);
            var isConfigured = usual is not null && usual.Address != Vendor.Find(usual.Name)?.Address;
            if (usual is not null && (isConfigured || !isSpare))
            {
                Tell(usual.Name, usual.Address, isConfigured ? "lethe's configuration" : "its usual address");
            }

            return Door + (usual?.PathPrefix ?? "/" + upstream) + path;
        }

        var target = Covering(upstream, address) ?? Choose(upstream, address, provider);
        led.Add(target.Name);
        Tell(target.Name, Shown(address), found?.Source ?? "its usual address");
        return Door + target.PathPrefix + address.AbsolutePath[BasePath(target).Length..].TrimEnd('/');
    }

    /// <summary>True when the upstreams there are lead to where <see cref="Through"/> would have to.</summary>
    public bool Reaches(string upstream, FoundAddress? found, string path) => Destination(upstream, found?.Value, path) is not { } address || Covering(upstream, address) is not null;

    /// <summary>False for what cannot be led anywhere.</summary>
    public static bool IsAddress(string text) => Parse(text) is not null;

    /// <summary>True for an address that leads to lethe.</summary>
    public bool IsOurs(string address) => Parse(address) is { } parsed && IsOurs(parsed);

    /// <summary>A provider's id, in the user's own words, as the name of an upstream: letters, digits and hyphens.</summary>
    public static string UpstreamName(string id) => string.Concat(id.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));

    /// <summary>An address as a person may see it: it can hold a password, and a key in its query.</summary>
    public static string Shown(string address) => Parse(address) is { } parsed ? Shown(parsed) : address;

    private static string Shown(Uri address) => address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    private void Tell(string upstream, string address, string source)
    {
        if (!routes.Exists(route => route.Upstream == upstream && route.Address == address))
        {
            routes.Add(new UpstreamRoute(upstream, address, source));
        }
    }

    /// <summary>Null for the upstream as it is configured, unless this run has taken its name elsewhere.</summary>
    private Uri? Destination(string upstream, string? found, string path)
    {
        var address = found is null ? null : upstream == Ollama ? OllamaHost(found) : Parse(found);
        return address is not null && !IsOurs(address) ? address
            : chosen.ContainsKey(upstream) && Find(world.Upstreams, upstream) is { } usual ? new Uri(usual.Address + path)
            : null;
    }

    private bool IsOurs(Uri address) => world.Doors.Any(door => Parse(door) is { } ours && AreOnePlace(ours, address));

    private Upstream? Covering(string upstream, Uri address) => upstreams.OrderByDescending(candidate => candidate.Name == upstream).FirstOrDefault(candidate => Covers(candidate, address));

    /// <summary>A name that addresses of this run lead to already keeps its place: the second place gets a name of its own.</summary>
    private Upstream Choose(string upstream, Uri address, string? provider)
    {
        var name = led.Contains(upstream) ? $"{upstream}-{UpstreamName(address.Authority)}" : upstream;
        var place = address.GetLeftPart(UriPartial.Authority);
        var vendor = Find(world.Upstreams, upstream)?.Provider ?? Vendor.Find(upstream)?.Provider ?? provider;
        chosen[name] = new UpstreamChoice(place, Vendor.Find(name) is null ? vendor : null);
        var prefix = Find(upstreams, name)?.PathPrefix ?? "/" + name;
        upstreams.RemoveAll(candidate => candidate.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        upstreams.Add(new Upstream(name, place, vendor ?? name, prefix, HttpVersion.Version11, [], []));
        return upstreams[^1];
    }

    private static Upstream? Find(IEnumerable<Upstream> upstreams, string name) =>
        upstreams.FirstOrDefault(candidate => candidate.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static bool Covers(Upstream upstream, Uri address)
    {
        var path = BasePath(upstream);
        return Parse(upstream.Address) is { } target
            && target.Scheme == address.Scheme
            && AreOnePlace(target, address)
            && address.AbsolutePath.StartsWith(path, StringComparison.Ordinal)
            && (address.AbsolutePath.Length == path.Length || path.Length == 0 || address.AbsolutePath[path.Length] == '/');
    }

    private static bool AreOnePlace(Uri one, Uri other) => one.Port == other.Port && (one.Host == other.Host || (one.IsLoopback && other.IsLoopback));

    private static string BasePath(Upstream upstream) => new Uri(upstream.Address).AbsolutePath.TrimEnd('/');

    // What the client makes of OLLAMA_HOST: a port of its own, and a server's word for «all interfaces».
    private static Uri? OllamaHost(string text) => Parse(text, OllamaPort) is not { } address ? null
        : address.Host == IPAddress.Any.ToString() ? new UriBuilder(address) { Host = IPAddress.Loopback.ToString() }.Uri
        : address;

    /// <param name="barePort">The port where neither a scheme nor the text tells one.</param>
    private static Uri? Parse(string text, int barePort = 80)
    {
        var isBare = !text.Contains("://", StringComparison.Ordinal);
        if (!Uri.TryCreate(isBare ? "http://" + text : text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            return null;
        }

        return isBare && !NamesPort(text) ? new UriBuilder(address) { Port = barePort }.Uri : address;
    }

    // A scheme that has no port of its own shows whether the text names one.
    private static bool NamesPort(string bare) => Uri.TryCreate("bare://" + bare, UriKind.Absolute, out var told) && told.Port >= 0;
}

/// <summary>Where an upstream of this run is: scheme and authority, and the vendor's word when it is not the usual one.</summary>
internal sealed record UpstreamChoice(string Address, string? Provider);
