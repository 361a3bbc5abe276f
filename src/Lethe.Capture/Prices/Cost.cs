namespace Lethe.Capture.Prices;

/// <summary>What an exchange cost, in nano-USD (1e-9 USD), by which price book.</summary>
public readonly record struct Cost(long NanoUsd, string PriceBook)
{
    /// <summary>True when the stream was cut before the vendor's last word on usage: at least this much was paid, and more may have been.</summary>
    public bool IsPartial { get; init; }
}
