using System.Globalization;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.Counts;

/// <summary>The vendor's own word on price, in nano-USD.</summary>
internal static class ReportedCost
{
    /// <summary>xAI counts in ticks: 10^10 are one USD.</summary>
    private const int TicksPerNanoUsd = 10;

    private const decimal NanoPerUsd = 1_000_000_000m;

    /// <summary>Reads OpenRouter's, Vercel's, Avian's, Perplexity's, xAI's and Pydantic's fields; null when there is none.</summary>
    public static long? Read(JsonElement usage)
    {
        if (usage.Count("cost_in_usd_ticks"u8) is { } ticks)
        {
            return (ticks + (TicksPerNanoUsd / 2)) / TicksPerNanoUsd;
        }

        return usage.Member("cost"u8) switch
        {
            { ValueKind: JsonValueKind.Object } parts => Usd(parts.Member("total_cost"u8)),
            { } cost => Usd(cost),
            null => Usd(usage.Member("pydantic_ai_gateway"u8).Member("cost_estimate"u8)),
        };
    }

    /// <summary>A decimal number of USD as text, as LiteLLM's header carries it.</summary>
    public static long? FromText(string? usd) =>
        decimal.TryParse(usd, NumberStyles.Float, CultureInfo.InvariantCulture, out var amount) ? Nano(amount) : null;

    private static long? Usd(JsonElement? amount) => amount is { ValueKind: JsonValueKind.Number } number && number.TryGetDecimal(out var usd) ? Nano(usd) : null;

    private static long? Nano(decimal usd) => usd is >= 0 and < 9_000_000_000m ? (long)decimal.Round(usd * NanoPerUsd) : null;
}
