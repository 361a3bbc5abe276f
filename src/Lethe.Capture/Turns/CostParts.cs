namespace Lethe.Capture.Turns;

/// <summary>What a cost is made of, in nano-USD; the parts add up to it.</summary>
/// <param name="Input">What was asked and read anew, sound and pictures too.</param>
/// <param name="CacheRead">What was asked and lay in the vendor's cache.</param>
/// <param name="CacheWrite">What was asked and put there, however long it is kept.</param>
/// <param name="Output">What was answered, reasoning too.</param>
/// <param name="Other">What is no token's: web searches, pages, hours, the call itself.</param>
public readonly record struct CostParts(long Input, long CacheRead, long CacheWrite, long Output, long Other)
{
    public static CostParts operator +(CostParts one, CostParts other) =>
        new(one.Input + other.Input, one.CacheRead + other.CacheRead, one.CacheWrite + other.CacheWrite, one.Output + other.Output, one.Other + other.Other);

    public static CostParts operator -(CostParts one, CostParts other) =>
        new(one.Input - other.Input, one.CacheRead - other.CacheRead, one.CacheWrite - other.CacheWrite, one.Output - other.Output, one.Other - other.Other);
}
