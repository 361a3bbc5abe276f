using Lethe.Capture.Turns;

namespace Lethe.Capture.Prices;

/// <summary>What a batch's results cost: each by the model that served it, so that a result that is fetched again can be left out of the sum.</summary>
internal static class BatchCosts
{
    /// <summary>The turn with what each result cost, and the sum; no sum when one of them has no price.</summary>
    public static (Turn Turn, Cost? Cost) Of(PriceBook prices, Turn turn, DateTimeOffset at)
    {
        BatchResult[] results = [.. turn.Results.Select(result => result with { Cost = prices.Price(turn with { ModelServed = result.Model, Usage = result.Usage, Results = [] }, at) })];
        var sum = Array.TrueForAll(results, result => result.Cost is not null)
            ? new Cost(results.Sum(result => result.Cost!.Value.NanoUsd), prices.Name) { Parts = Parts(results) }
            : (Cost?)null;
        return (turn with { Results = results }, sum);
    }

    private static CostParts? Parts(BatchResult[] results) =>
        Array.TrueForAll(results, result => result.Cost!.Value.Parts is not null) ? results.Aggregate(default(CostParts), (sum, result) => sum + result.Cost!.Value.Parts!.Value) : null;
}
