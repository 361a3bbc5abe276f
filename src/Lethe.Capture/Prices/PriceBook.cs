using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Prices;

/// <summary>What model calls cost: list prices in the shape of the MIT package <c>@pydantic/genai-prices</c>.</summary>
public sealed class PriceBook
{
    private const string Resource = "Lethe.Capture.Prices.genai-prices.json";

    private static readonly Lazy<PriceBook> Shipped = new(() =>
    {
        using var resource = typeof(PriceBook).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidDataException($"The resource {Resource} is missing.");
        return Parse(resource);
    });

    private readonly ModelCatalogue models;

    private PriceBook(string name, ModelCatalogue models)
    {
        Name = name;
        this.models = models;
    }

    /// <summary>The book shipped in the product, parsed at first use.</summary>
    public static PriceBook Embedded => Shipped.Value;

    /// <summary>Name and version, which every cost carries: <c>genai-prices 0.1.8</c>.</summary>
    public string Name { get; }

    /// <summary>Reads a book in the shape that <c>scripts/update-prices</c> writes.</summary>
    public static PriceBook Parse(Stream json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        return new PriceBook(
            $"{root.GetProperty("name").GetString()} {root.GetProperty("version").GetString()}",
            new ModelCatalogue([.. root.GetProperty("providers").EnumerateArray().Select(PricedProvider.Parse)]));
    }

    /// <summary>The cost by the model served, else requested, at that time; null when no usage was told or no price is known.</summary>
    public Cost? Price(Turn turn, DateTimeOffset at)
    {
        if (turn.Usage is not { } usage || (usage is { InputTotal: null, Output: null, Iterations.Count: 0, AudioSeconds: null, Pages: null }))
        {
            return null;
        }

        var offer = Find(turn.Provider, turn.ModelServed, usage, at) ?? Find(turn.Provider, turn.ModelRequested, usage, at);
        var prices = offer?.Prices;
        var tokens = usage.Iterations.Count > 0
            ? OfIterations(turn.Provider, usage.Iterations, prices, at)
            : prices is null ? null : TokenPricing.OfTokens(prices, usage);
        if (tokens is null || (prices is null && usage.WebSearches > 0))
        {
            return null;
        }

        var seller = offer?.Seller ?? SellerNames.Of(turn.Provider);
        // A tier's factor is on tokens: a search costs the same in a batch.
        return TierPrice.Factor(seller, usage) is { } factor
            ? ((tokens.Value * (TierPrice.OfGeo(seller, usage) * factor)) + (prices is null ? default : TokenPricing.OfCall(prices, usage))).Rounded(Name)
            : null;
    }

    /// <summary>Passes inside one call, each at its own model's price; null when one of them has none.</summary>
    private ExactCost? OfIterations(string vendor, IReadOnlyList<UsageIteration> passes, PriceList? ofTurn, DateTimeOffset at)
    {
        var sum = default(ExactCost);
        foreach (var pass in passes)
        {
            var usage = new Usage
            {
                Input = pass.Input,
                CacheRead = pass.CacheRead,
                CacheWrite5m = pass.CacheWrite5m,
                CacheWrite1h = pass.CacheWrite1h,
                Output = pass.Output,
            };
            if ((pass.Model is null ? ofTurn : Find(vendor, pass.Model, usage, at)?.Prices) is not { } prices)
            {
                return null;
            }

            sum += TokenPricing.OfTokens(prices, usage);
        }

        return sum;
    }

    private (string Seller, PriceList Prices)? Find(string vendor, string? model, Usage usage, DateTimeOffset at) =>
        model is not null && models.Find(vendor, model) is var (seller, found) && found.At(at) is var prices && !prices.IsSilentOn(usage) ? (seller, prices) : null;
}
