using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Cohere;

/// <summary>
/// Token counts of Cohere: what is billed stands beside what the model saw, and what is billed counts. A prompt of Cohere's own that every call repeats is
/// in the second alone, and what was cached is mostly that.
/// </summary>
internal static class CohereUsage
{
    /// <param name="usage"><c>usage</c> of the second edition, <c>meta</c> of the first.</param>
    public static Usage? Read(JsonElement usage)
    {
        var billed = usage.ObjectMember("billed_units"u8);
        var seen = usage.ObjectMember("tokens"u8);
        var input = billed.Count("input_tokens"u8) ?? seen.Count("input_tokens"u8);
        var output = billed.Count("output_tokens"u8) ?? seen.Count("output_tokens"u8);
        if (input is null && output is null)
        {
            return null;
        }

        var cached = usage.Count("cached_tokens"u8);
        var fits = billed.Count("input_tokens"u8) is null && cached <= input;
        var reasoning = seen.Count("reasoning_tokens"u8);
        return new Usage
        {
            Input = fits ? input - cached : input,
            CacheRead = fits ? cached : null,
            Output = output,
            Reasoning = reasoning is null || output is null ? null : Math.Min(reasoning.Value, output.Value),
            ReportedJson = usage.GetRawText(),
            Final = true,
            Clamped = reasoning > output,
        };
    }
}
