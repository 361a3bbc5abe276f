using Lethe.Capture.Turns;

namespace Lethe.Capture.Prices;

/// <summary>A cost by its parts before it is rounded, in nano-USD.</summary>
internal readonly record struct ExactCost(decimal Input, decimal CacheRead, decimal CacheWrite, decimal Output, decimal Other)
{
    public static ExactCost operator +(ExactCost one, ExactCost more) =>
        new(one.Input + more.Input, one.CacheRead + more.CacheRead, one.CacheWrite + more.CacheWrite, one.Output + more.Output, one.Other + more.Other);

    public static ExactCost operator *(ExactCost cost, decimal factor) =>
        new(cost.Input * factor, cost.CacheRead * factor, cost.CacheWrite * factor, cost.Output * factor, cost.Other * factor);

    /// <summary>Null for a sum that is no amount of money.</summary>
    public Cost? Rounded(string book)
    {
        var sum = Input + CacheRead + CacheWrite + Output + Other;
        if (sum is < 0 or > long.MaxValue)
        {
            return null;
        }

        // What all parts reach together, rounded, less what the parts before reach: so they add up.
        Span<decimal> parts = [Input, CacheRead, CacheWrite, Output, Other];
        Span<long> whole = stackalloc long[parts.Length];
        var (reached, given) = (0m, 0L);
        for (var i = 0; i < parts.Length; i++)
        {
            reached += parts[i];
            whole[i] = Whole(reached) - given;
            given += whole[i];
        }

        return new Cost(Whole(sum), book) { Parts = new CostParts(whole[0], whole[1], whole[2], whole[3], whole[4]) };
    }

    private static long Whole(decimal nano) => (long)decimal.Round(nano, MidpointRounding.AwayFromZero);
}
