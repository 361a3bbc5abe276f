using System.Text.Json;
using Lethe.Capture.Decoding.Counts;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Media;

/// <summary>Usage of speech, pictures and pages: tokens of several kinds, or seconds, or pages, which have no bucket and stand as they were told.</summary>
internal static class MediaUsage
{
    private const decimal SecondsMax = 10_000_000;

    /// <summary>Null when none is told. Pages with notes on them have a price of their own, and are not told as pages.</summary>
    public static Usage? Find(JsonElement answer, string vendor)
    {
        if ((answer.ObjectMember("usage"u8) ?? answer.ObjectMember("usage_info"u8)) is not { } told)
        {
            return null;
        }

        var input = told.ObjectMember("input_tokens_details"u8) ?? told.ObjectMember("input_token_details"u8);
        var output = told.ObjectMember("output_tokens_details"u8) ?? told.ObjectMember("output_token_details"u8);
        var counts = ChatUsage.Read(told, vendor, tier: null, final: true)
            ?? new Usage { ReportedCostNanoUsd = ReportedCost.Read(told), ReportedJson = told.GetRawText(), Final = true };
        return counts with
        {
            AudioInput = input.Count("audio_tokens"u8) ?? counts.AudioInput,
            ImageInput = input.Count("image_tokens"u8),
            ImageOutput = output is null && input?.Member("image_tokens"u8) is not null ? counts.Output : output.Count("image_tokens"u8),
            AudioSeconds = Seconds(told),
            Pages = told.Count("pages_processed_annotation"u8) > 0 ? null : told.Count("pages_processed"u8),
        };
    }

    private static decimal? Seconds(JsonElement told) =>
        told.Member("seconds"u8) is { ValueKind: JsonValueKind.Number } seconds && seconds.TryGetDecimal(out var heard) && heard is >= 0 and < SecondsMax ? heard : null;
}
