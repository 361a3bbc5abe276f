using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Counts;

/// <summary>Counts that Gemini's APIs tell apart by modality, in lists of <c>{modality, count}</c>. What was not told is null, and no zero.</summary>
internal static class ModalityCounts
{
    /// <param name="details">The list's name in the usage.</param>
    /// <param name="count">The count's name in an item.</param>
    public static long? Of(ReadOnlySpan<byte> modality, JsonElement usage, ReadOnlySpan<byte> details, ReadOnlySpan<byte> count)
    {
        long? sum = null;
        foreach (var detail in usage.Items(details))
        {
            if (detail.Is("modality"u8, modality) && detail.Count(count) is { } tokens)
            {
                sum = Usage.Sum(sum, tokens);
            }
        }

        return sum;
    }
}
