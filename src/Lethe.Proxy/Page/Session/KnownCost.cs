namespace Lethe.Proxy.Page.Session;

/// <summary>What several calls cost together, in nano-USD.</summary>
internal static class KnownCost
{
    /// <summary>The sum of what is known; null when nothing is.</summary>
    public static long? Sum(IEnumerable<long?> costs) => costs.Aggregate((long?)null, (sum, cost) => cost is null ? sum : (sum ?? 0) + cost);
}
