using System.Text.Json;
using Lethe.Capture.Decoding.Counts;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Gemini;

/// <summary>Token counts: the prompt includes what was read from a cache, what tools put into it stands beside it; candidates and thoughts together are the output.</summary>
internal static class GeminiUsage
{
    public static Usage? Read(JsonElement usage, bool final)
    {
        var prompt = usage.Count("promptTokenCount"u8);
        var candidates = usage.Count("candidatesTokenCount"u8);
        var thoughts = usage.Count("thoughtsTokenCount"u8);
        if (prompt is null && candidates is null && thoughts is null)
        {
            return null;
        }

        return new TokenCounts
        {
            Input = Sum(prompt, usage.Count("toolUsePromptTokenCount"u8)),
            CacheRead = usage.Count("cachedContentTokenCount"u8),
            Output = Sum(candidates, thoughts),
            Reasoning = thoughts,
        }.ToUsage() with
        {
            AudioInput = OfAudio(usage, "promptTokensDetails"u8),
            AudioOutput = OfAudio(usage, "candidatesTokensDetails"u8),
            ServiceTier = ServiceTiers.First(usage.Word("serviceTier"u8)?.ToLowerInvariant(), Traffic(usage.Word("trafficType"u8))),
            ReportedJson = usage.GetRawText(),
            Final = final,
        };
    }

    private static long? Sum(long? one, long? other) => one is null && other is null ? null : (one ?? 0) + (other ?? 0);

    private static long? OfAudio(JsonElement usage, ReadOnlySpan<byte> details)
    {
        long? sum = null;
        foreach (var detail in usage.Items(details))
        {
            if (detail.Is("modality"u8, "AUDIO"u8) && detail.Count("tokenCount"u8) is { } tokens)
            {
                sum = (sum ?? 0) + tokens;
            }
        }

        return sum;
    }

    // What is paid by the token without further ado is no tier.
    private static string? Traffic(string? type) => type is null or "ON_DEMAND" or "TRAFFIC_TYPE_UNSPECIFIED" ? null : type.ToLowerInvariant();
}
