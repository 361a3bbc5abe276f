using Lethe.Proxy.Configuration;

namespace Lethe.Proxy.Forwarding;

/// <summary>A model API that can be reached: a built-in vendor, a configured one, or a built-in one with configured values.</summary>
internal sealed record Upstream(string Name, string Address, string Provider, string PathPrefix, Version HttpVersion, IReadOnlyList<string> BarePaths)
{
    /// <summary>All upstreams with an address, built-in ones first; <c>Lethe:Upstreams</c> overrides value by value.</summary>
    public static IReadOnlyList<Upstream> From(LetheOptions options)
    {
        var upstreams = new List<Upstream>();
        foreach (var vendor in Vendor.All)
        {
            options.Upstreams.TryGetValue(vendor.Name, out var configured);
            if ((configured?.Address ?? vendor.Address) is { } address)
            {
                upstreams.Add(Merge(vendor.Name, address, vendor.Provider, vendor.BarePaths, configured));
            }
        }

        foreach (var (name, configured) in options.Upstreams)
        {
            if (!Vendor.IsKnown(name) && configured.Address is { } address)
            {
                upstreams.Add(Merge(name, address, name, [], configured));
            }
        }

        return upstreams;
    }

    private static Upstream Merge(string name, string address, string provider, IReadOnlyList<string> barePaths, UpstreamOptions? configured) => new(
        name,
        address.TrimEnd('/'),
        configured?.Provider ?? provider,
        Prefix(configured?.PathPrefix ?? name),
        configured?.HttpVersion == "2" ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11,
        barePaths);

    /// <summary>Empty for the root.</summary>
    private static string Prefix(string path) => path.Trim('/') is { Length: > 0 } trimmed ? "/" + trimmed : "";
}
