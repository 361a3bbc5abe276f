namespace Lethe.Proxy.Metrics;

/// <summary>The labels of every instrument that has any: what is not named here is summed up, never shown.</summary>
internal static class MetricLabels
{
    public static readonly IReadOnlyDictionary<string, string[]> Declared = new Dictionary<string, string[]>
    {
        ["lethe_exchanges_total"] = ["door", "provider", "outcome"],
        ["lethe_turns_total"] = ["harness"],
        ["lethe_drops_total"] = ["reason"],
        ["lethe_retention_exchanges_total"] = ["step"],
        ["lethe_tokens_total"] = ["provider", "kind"],
        ["lethe_cost_usd_total"] = ["provider"],
        ["lethe_capture_bytes_total"] = ["direction"],
        ["lethe_decode_seconds"] = ["provider"],
        ["gen_ai.client.operation.duration"] = ["gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "error.type"],
        ["gen_ai.client.token.usage"] = ["gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "error.type", "gen_ai.token.type"],
    };
}
