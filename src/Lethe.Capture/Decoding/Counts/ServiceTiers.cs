namespace Lethe.Capture.Decoding.Counts;

/// <summary>The service tier as the vendor named it.</summary>
internal static class ServiceTiers
{
    /// <summary>The first tier that says something: <c>auto</c> is a wish, not an answer.</summary>
    public static string? First(params ReadOnlySpan<string?> tiers)
    {
        foreach (var tier in tiers)
        {
            if (!string.IsNullOrEmpty(tier) && tier is not "auto")
            {
                return tier;
            }
        }

        return null;
    }
}
