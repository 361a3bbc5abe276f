using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Prices;

/// <summary>A price that may change at an amount of input: a cliff, the whole call pays the last step passed.</summary>
internal sealed record TieredPrice(decimal Base, IReadOnlyList<(long Start, decimal Price)> Tiers)
{
    public decimal At(long inputTokens)
    {
        var price = Base;
        foreach (var (start, tier) in Tiers)
        {
            if (inputTokens > start)
            {
                price = tier;
            }
        }

        return price;
    }

    public static TieredPrice Parse(JsonElement json) => json.ValueKind == JsonValueKind.Number
        ? new TieredPrice(json.GetDecimal(), [])
        : new TieredPrice(
            json.GetProperty("base").GetDecimal(),
            [.. json.GetProperty("tiers").EnumerateArray()
                .Select(tier => (Start: tier.GetProperty("start").GetInt64(), Price: tier.GetProperty("price").GetDecimal()))
                .OrderBy(tier => tier.Start)]);
}

/// <summary>The prices of one model at one time, by the book's keys: USD per million tokens, per thousand searches or requests.</summary>
internal sealed class PriceList(IReadOnlyDictionary<string, TieredPrice> prices)
{
    /// <summary>True when nothing that was used has a price here (tokens of a model that is billed by the page or the hour). An empty list is not silent: the model is free.</summary>
    public bool IsSilentOn(Usage usage) => prices.Count > 0
        && !Has("input_mtok") && !Has("output_mtok") && !Has("requests_kcount")
        && !(usage.AudioSeconds is not null && Has("audio_hours"))
        && !(usage.Pages is not null && Has("input_document_kpages"));

    public bool Has(string key) => prices.ContainsKey(key);

    /// <summary>The price of the first key that is there, nearest unit first; 0 when none is.</summary>
    public decimal Of(long inputTokens, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (prices.TryGetValue(key, out var price))
            {
                return price.At(inputTokens);
            }
        }

        return 0;
    }

    public static PriceList Parse(JsonElement json) =>
        new(json.EnumerateObject().ToDictionary(price => price.Name, price => TieredPrice.Parse(price.Value)));
}
