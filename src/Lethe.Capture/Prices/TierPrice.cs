using Lethe.Capture.Turns;

namespace Lethe.Capture.Prices;

/// <summary>What a service tier, or the place where the model ran, does to the list price.</summary>
internal static class TierPrice
{
    /// <summary>The factor on the list price; null when the tier is known to cost something else that the book does not tell.</summary>
    public static decimal? Factor(string seller, Usage usage) => usage.ServiceTier?.ToLowerInvariant() switch
    {
        // Half price: Anthropic, OpenAI and Google for batches, OpenAI and Google for flex processing (their pricing pages).
        "batch" => 0.5m,
        "flex" when seller is "openai" or "google" or "azure" => 0.5m,
        // List price: Groq's flex buys less certainty for the same money, Anthropic's priority is capacity bought before.
        "flex" when seller is "groq" => 1m,
        "priority" when seller is "anthropic" => 1m,
        "flex" or "priority" or "fast" => null,
        _ => 1m,
    };

    /// <summary>The factor on every price of a token, for where the model ran: https://platform.claude.com/docs/en/about-claude/pricing (data residency).</summary>
    public static decimal OfGeo(string seller, Usage usage) => seller is "anthropic" && usage.InferenceGeo is "us" ? 1.1m : 1m;
}
