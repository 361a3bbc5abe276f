using System.Text.Json;
using Lethe.Capture.Decoding.Counts;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;
using static Lethe.Capture.Turns.Usage;

namespace Lethe.Capture.Decoding.GeminiInteractions;

/// <summary>Token counts of an interaction: the input includes what was read from a cache, what tools put into it stands beside it; output and thoughts together are the output.</summary>
internal static class InteractionUsage
{
    public static Usage? Read(JsonElement usage, string? tier)
    {
        var input = usage.Count("total_input_tokens"u8);
        var output = usage.Count("total_output_tokens"u8);
        var thoughts = usage.Count("total_thought_tokens"u8);
        if (input is null && output is null && thoughts is null)
        {
            return null;
        }

        return new TokenCounts
        {
            Input = Sum(input, usage.Count("total_tool_use_tokens"u8)),
            CacheRead = usage.Count("total_cached_tokens"u8),
            Output = Sum(output, thoughts),
            Reasoning = thoughts,
        }.ToUsage() with
        {
            AudioInput = Sum(Of("audio"u8, usage, "input_tokens_by_modality"u8), Of("audio"u8, usage, "tool_use_tokens_by_modality"u8)),
            AudioCacheRead = Of("audio"u8, usage, "cached_tokens_by_modality"u8),
            AudioOutput = Of("audio"u8, usage, "output_tokens_by_modality"u8),
            ImageInput = Sum(Of("image"u8, usage, "input_tokens_by_modality"u8), Of("image"u8, usage, "tool_use_tokens_by_modality"u8)),
            ImageCacheRead = Of("image"u8, usage, "cached_tokens_by_modality"u8),
            ImageOutput = Of("image"u8, usage, "output_tokens_by_modality"u8),
            ServiceTier = ServiceTiers.First(tier),
            ReportedJson = usage.GetRawText(),
            Final = true,
        };
    }

    private static long? Of(ReadOnlySpan<byte> modality, JsonElement usage, ReadOnlySpan<byte> details) => ModalityCounts.Of(modality, usage, details, "tokens"u8);
}
