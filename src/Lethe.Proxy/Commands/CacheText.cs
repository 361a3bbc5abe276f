using Lethe.Ingest.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>A cache's verdict in one line.</summary>
internal static class CacheText
{
    public static string Of(CacheRecord cache)
    {
        string?[] parts =
        [
            cache.Reason is null || cache.Reason == cache.Verdict ? $"cache {cache.Verdict}" : $"cache {cache.Verdict}: {cache.Reason}",
            cache.Confidence == "unknown" ? null : cache.Confidence,
            cache.FirstDifference is { } where ? $"first difference {where}" : null,
            cache.LostTokens > 0 ? $"{Format.Count(cache.LostTokens)} tokens not read" : null,
            cache.LostTokens > 0 ? $"{Format.Money(cache.CostNanoUsd)} more" : null,
        ];
        return string.Join(", ", parts.OfType<string>());
    }
}
