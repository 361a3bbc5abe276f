namespace Lethe.Proxy.ExtProc;

/// <summary>Where a call goes, as far as its path and host tell: the upstream's name and vendor (null when unknown), and the path without our prefix.</summary>
internal readonly record struct CallRoute(string? Upstream, string? Provider, string Path);

/// <summary>Looks a call up in the table of upstreams.</summary>
internal delegate CallRoute RouteLookup(string path, string? authority);
