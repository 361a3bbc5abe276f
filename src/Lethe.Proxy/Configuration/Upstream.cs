namespace Lethe.Proxy.Configuration;

/// <summary>A model API that can be reached: a built-in vendor, a configured one, or a built-in one with configured values.</summary>
internal sealed record Upstream(string Name, string Address, string Provider, string PathPrefix, Version HttpVersion, IReadOnlyList<string> BarePaths, IReadOnlyList<string> ModelPaths)
{
    /// <summary>All upstreams with an address, built-in ones first; <c>Lethe:Upstreams</c> overrides value by value.</summary>
    public static IReadOnlyList<Upstream> From(LetheOptions options)
    {
        var unknown = options.Upstreams.Keys.Where(name => Vendor.Find(name) is null).Select(name => new Vendor(name, null, name));
        var upstreams = new List<Upstream>();
        foreach (var vendor in Vendor.All.Concat(unknown))
        {
            options.Upstreams.TryGetValue(vendor.Name, out var configured);
            if ((configured?.Address ?? vendor.Address) is { } address)
            {
                upstreams.Add(Merge(vendor, address, configured));
            }
        }

        return upstreams;
    }

    private static Upstream Merge(Vendor vendor, string address, UpstreamOptions? configured) => new(
        vendor.Name,
        address.TrimEnd('/'),
        configured?.Provider ?? vendor.Provider,
        Prefix(configured?.PathPrefix ?? vendor.Name),
        configured?.HttpVersion == "2" ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11,
        vendor.BarePaths,
        vendor.ModelPaths);

    /// <summary>Empty for the root.</summary>
    private static string Prefix(string path) => path.Trim('/') is { Length: > 0 } trimmed ? "/" + trimmed : "";
}
