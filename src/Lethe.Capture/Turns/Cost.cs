namespace Lethe.Capture.Turns;

/// <summary>What an exchange cost, in nano-USD (1e-9 USD), by which price book. As final as the usage that it is reckoned from.</summary>
public readonly record struct Cost(long NanoUsd, string PriceBook)
{
    /// <summary>What it is made of; null where only the sum was told.</summary>
    public CostParts? Parts { get; init; }
}
