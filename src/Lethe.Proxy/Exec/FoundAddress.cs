namespace Lethe.Proxy.Exec;

/// <summary>A base address as it was written, and where: <c>ANTHROPIC_BASE_URL in ~/.claude/settings.json</c>.</summary>
internal sealed record FoundAddress(string Value, string Source);

/// <summary>Where the calls to an upstream go in a run, for the person who started it. The address is shown without credentials and query.</summary>
internal sealed record UpstreamRoute(string Upstream, string Address, string Source);
