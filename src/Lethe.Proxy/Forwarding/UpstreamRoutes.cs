using Lethe.Proxy.Configuration;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// The upstreams as YARP routes and clusters. Whatever the <c>ReverseProxy</c> section defines under the same id is left out: the section wins.
/// </summary>
internal static class UpstreamRoutes
{
    /// <summary>Route metadata: the vendor's word, the upstream's name, the path prefix that is ours, and how the paths end whose bodies are kept (all when empty).</summary>
    public const string ProviderKey = "lethe.provider";
    public const string UpstreamKey = "lethe.upstream";
    public const string PrefixKey = "lethe.prefix";
    public const string ModelPathsKey = "lethe.model_paths";

    // Routes of the ReverseProxy section have order 0 unless they say otherwise, and so come first.
    private const int VersionedOrder = 1000;
    private const int PrefixOrder = 2000;
    private const int BareOrder = 3000;

    public static IReadOnlyList<RouteConfig> Routes(IReadOnlyList<Upstream> upstreams, IConfigurationSection section)
    {
        var routes = new List<RouteConfig>();
        foreach (var upstream in upstreams)
        {
            routes.Add(Route(upstream, upstream.Name, upstream.PathPrefix + "/{**rest}", upstream.PathPrefix, PrefixOrder));
            for (var i = 0; i < upstream.BarePaths.Count; i++)
            {
                routes.Add(Route(upstream, $"{upstream.Name}-bare-{i}", upstream.BarePaths[i], "", BareOrder));
            }

            AddSpecial(upstream, routes);
        }

        return Without(routes, route => route.RouteId, section.GetSection("Routes"));
    }

    public static IReadOnlyList<ClusterConfig> Clusters(IReadOnlyList<Upstream> upstreams, IConfigurationSection section)
    {
        var clusters = upstreams.Select(upstream => new ClusterConfig
        {
            ClusterId = upstream.Name,
            Destinations = new Dictionary<string, DestinationConfig> { [upstream.Name] = new() { Address = upstream.Address } },
            HttpRequest = new ForwarderRequestConfig { Version = upstream.HttpVersion, VersionPolicy = Policy(upstream) },
        });
        return Without(clusters.ToList(), cluster => cluster.ClusterId, section.GetSection("Clusters"));
    }

    // Without TLS there is nothing to negotiate with: HTTP/2 is spoken by prior knowledge or not at all.
    private static HttpVersionPolicy Policy(Upstream upstream) =>
        upstream.HttpVersion.Major == 2 && upstream.Address.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
            ? HttpVersionPolicy.RequestVersionExact
            : HttpVersionPolicy.RequestVersionOrLower;

    private static void AddSpecial(Upstream upstream, List<RouteConfig> routes)
    {
        if (upstream.Name == "anthropic")
        {
            // Both vendors have /v1/models and /v1/files; only one of them wants a version header.
            var match = new RouteMatch { Path = "/v1/{**rest}", Headers = [new RouteHeader { Name = "anthropic-version", Mode = HeaderMatchMode.Exists }] };
            routes.Add(Route(upstream, "anthropic-versioned", "", "", VersionedOrder) with { Match = match });
        }
        else if (upstream.Name == "chatgpt")
        {
            routes.Add(Route(upstream, "chatgpt-bare", "/backend-api/codex/{**rest}", "/backend-api/codex", BareOrder));
        }
    }

    private static RouteConfig Route(Upstream upstream, string id, string path, string prefix, int order) => new()
    {
        RouteId = id,
        ClusterId = upstream.Name,
        Order = order,
        Match = new RouteMatch { Path = path },
        Metadata = new Dictionary<string, string>
        {
            [ProviderKey] = upstream.Provider,
            [UpstreamKey] = upstream.Name,
            [PrefixKey] = prefix,
            [ModelPathsKey] = string.Join(' ', upstream.ModelPaths),
        },
    };

    private static List<T> Without<T>(List<T> builtIn, Func<T, string> id, IConfigurationSection configured)
    {
        var taken = configured.GetChildren().Select(child => child.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        builtIn.RemoveAll(item => taken.Contains(id(item)));
        return builtIn;
    }
}
