using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Prompts;

/// <summary>Which system prompts and which tools each harness has sent in a stretch of time.</summary>
public sealed record PromptsView(string? Harness, string Range, IReadOnlyList<PromptGroup> Groups)
{
    public static IReadOnlyList<(string Value, string Name)> Ranges { get; } = [("24h", "last 24 h"), ("7d", "last 7 days"), ("30d", "last 30 days"), ("365d", "last year")];

    public string Path => Harness is null ? "/prompts" : "/prompts/" + Uri.EscapeDataString(Harness);

    public string Json => $"/v1/prompts?since={Range}{(Harness is null ? "" : "&harness=" + Uri.EscapeDataString(Harness))}";

    internal static PromptsView Read(StoreReader reader, string org, string? harness, string range, DateTimeOffset now)
    {
        var since = TimeText.TryParse(range, now, out var from) ? from : (DateTimeOffset?)null;
        var system = PromptVersion.Of(reader, org, PromptPart.System, since, harness).ToLookup(version => version.HarnessId);
        var tools = PromptVersion.Of(reader, org, PromptPart.Tools, since, harness).ToLookup(version => version.HarnessId);
        return new PromptsView(
            harness, range, [.. system.Select(one => one.Key).Union(tools.Select(one => one.Key)).Order(StringComparer.Ordinal).Select(id => new PromptGroup(id, [.. system[id]], [.. tools[id]]))]);
    }
}

/// <summary>Of one harness, the last sent first.</summary>
public sealed record PromptGroup(string Harness, IReadOnlyList<PromptVersion> System, IReadOnlyList<PromptVersion> Tools);
