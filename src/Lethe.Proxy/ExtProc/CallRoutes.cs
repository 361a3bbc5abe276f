using Lethe.Proxy.Configuration;
using Lethe.Proxy.Forwarding;
using Microsoft.AspNetCore.Routing.Template;

namespace Lethe.Proxy.ExtProc;

/// <summary>
/// Tells an upstream by what the processor sees before the data plane has rewritten anything: the vendor's host, else a known path prefix,
/// else the shape of the path. The last names only the vendor: which upstream the route chose, the path does not say.
/// </summary>
internal sealed class CallRoutes(IReadOnlyList<Upstream> upstreams)
{
    private readonly List<(TemplateMatcher Path, string Provider)> shapes =
        [.. upstreams.SelectMany(upstream => upstream.BarePaths.Select(path => (new TemplateMatcher(TemplateParser.Parse(path), []), upstream.Provider)))];

    private readonly Dictionary<string, Upstream> hosts = upstreams
        .Where(upstream => Uri.IsWellFormedUriString(upstream.Address, UriKind.Absolute))
        .GroupBy(upstream => new Uri(upstream.Address).Authority, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(group => group.Key, group => group.First(), StringComparer.OrdinalIgnoreCase);

    public CallRoute Find(string path, string? authority)
    {
        if (authority is not null && hosts.TryGetValue(authority, out var host))
        {
            return new CallRoute(host.Name, host.Provider, path);
        }

        foreach (var upstream in upstreams)
        {
            var prefix = upstream.PathPrefix;
            if (prefix.Length > 1 && path.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && path.Length > prefix.Length && path[prefix.Length] == '/')
            {
                return new CallRoute(upstream.Name, upstream.Provider, path[prefix.Length..]);
            }
        }

        foreach (var (shape, provider) in shapes)
        {
            if (path.StartsWith('/') && shape.TryMatch(path, []))
            {
                return new CallRoute(null, provider, path);
            }
        }

        return new CallRoute(null, null, path);
    }
}
