using System.Text.Json;
using Lethe.Capture.Decoding.Counts;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;
using static Lethe.Capture.Turns.Usage;

namespace Lethe.Capture.Decoding.Gemini;

/// <summary>
/// Token counts: the prompt includes what was read from a cache, what tools put into it stands beside it; candidates and thoughts together are the output. The Live API calls
/// its candidates a response.
/// </summary>
internal static class GeminiUsage
{
    public static Usage? Read(JsonElement usage, bool final)
    {
        var prompt = usage.Count("promptTokenCount"u8);
        var candidates = usage.Count("candidatesTokenCount"u8) ?? usage.Count("responseTokenCount"u8);
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
            AudioInput = InPrompt("AUDIO"u8, usage),
            AudioCacheRead = Of("AUDIO"u8, usage, "cacheTokensDetails"u8),
            AudioOutput = Of("AUDIO"u8, usage, "candidatesTokensDetails"u8) ?? Of("AUDIO"u8, usage, "responseTokensDetails"u8),
            ImageInput = InPrompt("IMAGE"u8, usage),
            ImageCacheRead = Of("IMAGE"u8, usage, "cacheTokensDetails"u8),
            ImageOutput = Of("IMAGE"u8, usage, "candidatesTokensDetails"u8),
            ServiceTier = ServiceTiers.First(usage.Word("serviceTier"u8)?.ToLowerInvariant(), Traffic(usage.Word("trafficType"u8))),
            ReportedJson = usage.GetRawText(),
            Final = final,
        };
    }

    // Of vectors the details have a name of their own.
    private static long? InPrompt(ReadOnlySpan<byte> modality, JsonElement usage) =>
        Sum(Of(modality, usage, "promptTokensDetails"u8) ?? Of(modality, usage, "promptTokenDetails"u8), Of(modality, usage, "toolUsePromptTokensDetails"u8));

    private static long? Of(ReadOnlySpan<byte> modality, JsonElement usage, ReadOnlySpan<byte> details) => ModalityCounts.Of(modality, usage, details, "tokenCount"u8);

    // What is paid by the token without further ado is no tier.
    private static string? Traffic(string? type) => type is null or "ON_DEMAND" or "TRAFFIC_TYPE_UNSPECIFIED" ? null : type.ToLowerInvariant();
}
