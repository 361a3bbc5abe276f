using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>Token counts of the Converse API: input, cache reads and cache writes are disjoint as they come.</summary>
internal static class ConverseUsage
{
    /// <param name="tier">What stands beside the usage as <c>serviceTier</c>.</param>
    public static Usage? Read(JsonElement usage, string? tier, bool final)
    {
        var input = usage.Count("inputTokens"u8);
        var output = usage.Count("outputTokens"u8);
        if (input is null && output is null)
        {
            return null;
        }

        // Models that are invoked tell the counts by the second name alone.
        var written = usage.Count("cacheWriteInputTokens"u8) ?? usage.Count("cacheWriteInputTokenCount"u8);
        var oneHour = OneHour(usage);
        var kept = oneHour is null || written is null ? oneHour : Math.Min(oneHour.Value, written.Value);
        return new Usage
        {
            Input = input,
            CacheRead = usage.Count("cacheReadInputTokens"u8) ?? usage.Count("cacheReadInputTokenCount"u8),
            CacheWrite5m = written - (kept ?? 0),
            CacheWrite1h = kept,
            Output = output,
            ServiceTier = tier is "default" or "" ? null : tier,
            ReportedJson = usage.GetRawText(),
            Final = final,
            Clamped = kept != oneHour,
        };
    }

    private static long? OneHour(JsonElement usage)
    {
        long? sum = null;
        foreach (var detail in usage.Items("cacheDetails"u8))
        {
            if (detail.Is("ttl"u8, "1h"u8) && detail.Count("inputTokens"u8) is { } tokens)
            {
                sum = (sum ?? 0) + tokens;
            }
        }

        return sum;
    }
}
