using System.Globalization;
using System.Text.Json;

namespace Lethe.Capture.Prices;

/// <summary>A model of the price book, with its price lists in the order that they came into force.</summary>
internal sealed class PricedModel
{
    private readonly ModelMatch match;
    private readonly IReadOnlyList<DatedPrices> lists;

    private PricedModel(ModelMatch match, IReadOnlyList<DatedPrices> lists)
    {
        this.match = match;
        this.lists = lists;
    }

    public bool Accepts(string name) => match.Accepts(name);

    /// <summary>The last list whose constraint holds then; the first when none does.</summary>
    public PriceList At(DateTimeOffset at)
    {
        for (var i = lists.Count - 1; i > 0; i--)
        {
            if (lists[i].Holds(at.ToUniversalTime()))
            {
                return lists[i].Prices;
            }
        }

        return lists[0].Prices;
    }

    public static PricedModel Parse(JsonElement json)
    {
        var prices = json.GetProperty("prices");
        DatedPrices[] lists = prices.ValueKind == JsonValueKind.Array
            ? [.. prices.EnumerateArray().Select(DatedPrices.Parse)]
            : [new DatedPrices(PriceList.Parse(prices), null, null)];
        return new PricedModel(ModelMatch.Parse(json.GetProperty("match")), lists);
    }

    private sealed record DatedPrices(PriceList Prices, DateTimeOffset? Start, (TimeSpan From, TimeSpan Until)? TimeOfDay)
    {
        public bool Holds(DateTimeOffset utc)
        {
            if (Start is { } start)
            {
                return utc >= start;
            }

            return TimeOfDay is not { } hours
                || (hours.Until < hours.From
                    ? utc.TimeOfDay >= hours.From || utc.TimeOfDay < hours.Until
                    : utc.TimeOfDay >= hours.From && utc.TimeOfDay < hours.Until);
        }

        public static DatedPrices Parse(JsonElement json)
        {
            var prices = PriceList.Parse(json.GetProperty("prices"));
            if (!json.TryGetProperty("constraint", out var constraint))
            {
                return new DatedPrices(prices, null, null);
            }

            return constraint.TryGetProperty("start_date", out var date)
                ? new DatedPrices(prices, DateTimeOffset.Parse(date.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal), null)
                : new DatedPrices(prices, null, (Clock(constraint, "start_time"), Clock(constraint, "end_time")));
        }

        private static TimeSpan Clock(JsonElement constraint, string name) =>
            DateTimeOffset.Parse("2000-01-02T" + constraint.GetProperty(name).GetString(), CultureInfo.InvariantCulture).UtcDateTime.TimeOfDay;
    }
}
