using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Model;

namespace Lethe.Proxy.Forwarding;

/// <summary>What lethe needs to know of a YARP route, worked out once for each version of its configuration.</summary>
internal sealed class ForwardingRoute
{
    private static readonly ConditionalWeakTable<RouteModel, ForwardingRoute> Known = [];

    private readonly string[] modelPaths;

    private ForwardingRoute(RouteModel route)
    {
        var metadata = route.Config.Metadata;
        var address = route.Cluster?.Model.Config.Destinations?.Values.FirstOrDefault()?.Address;
        if (Uri.TryCreate(address, UriKind.Absolute, out var uri))
        {
            UpstreamHost = uri.Authority;
            BasePath = uri.AbsolutePath.TrimEnd('/');
        }

        Provider = metadata?.GetValueOrDefault(UpstreamRoutes.ProviderKey);
        Upstream = metadata?.GetValueOrDefault(UpstreamRoutes.UpstreamKey) ?? route.Config.ClusterId;
        Prefix = metadata?.GetValueOrDefault(UpstreamRoutes.PrefixKey) ?? "";
        modelPaths = (metadata?.GetValueOrDefault(UpstreamRoutes.ModelPathsKey) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        ActivityTimeout = route.Cluster?.Model.Config.HttpRequest?.ActivityTimeout ?? TimeSpan.FromSeconds(100);
        RewritesTarget = route.Config.Transforms?.Any(RewritesPathOrQuery) ?? false;
    }

    public string? Provider { get; }

    public string? Upstream { get; }

    public string? UpstreamHost { get; }

    /// <summary>The path that the upstream's address ends in, without a closing slash.</summary>
    public string BasePath { get; } = "";

    /// <summary>What is removed from the front of the path; empty for none.</summary>
    public string Prefix { get; }

    public TimeSpan ActivityTimeout { get; }

    /// <summary>True when the route's own transforms make the path or the query, so that the raw target must not be used.</summary>
    public bool RewritesTarget { get; }

    /// <summary>False for a call of the client's that is none to a model: it passes, and its bodies are nobody's business.</summary>
    public bool KeepsBodies(string path) => modelPaths.Length == 0 || Array.Exists(modelPaths, end => path.EndsWith(end, StringComparison.Ordinal));

    public static ForwardingRoute Of(RouteModel route) => Known.GetValue(route, static model => new ForwardingRoute(model));

    private static bool RewritesPathOrQuery(IReadOnlyDictionary<string, string> transform) => transform.Keys.Any(
        key => key.StartsWith("Path", StringComparison.OrdinalIgnoreCase) || key.StartsWith("Query", StringComparison.OrdinalIgnoreCase));
}
