using Lethe.Capture.Turns;

namespace Lethe.Capture.Prices;

/// <summary>Tokens times prices, in nano-USD. A bucket without a price of its own pays what its parent pays.</summary>
internal static class TokenPricing
{
    // USD per million tokens to nano-USD per token, and USD per thousand pieces to nano-USD per piece.
    private const decimal NanoPerToken = 1_000m;
    private const decimal NanoPerPiece = 1_000_000m;
    private const decimal NanoPerUsd = 1_000_000_000m;
    private const decimal SecondsPerHour = 3_600m;

    /// <summary>One pass of a model over its tokens. Sound and pictures that are not told to be cached are taken for fresh first.</summary>
    public static ExactCost OfTokens(PriceList prices, Usage usage)
    {
        var total = usage.InputTotal ?? 0;
        var (input, cacheRead) = (Positive(usage.Input), Positive(usage.CacheRead));
        var (freshAudio, cachedAudio) = Spread(usage.AudioInput, usage.AudioCacheRead, ref input, ref cacheRead);
        var (freshImages, cachedImages) = Spread(usage.ImageInput, usage.ImageCacheRead, ref input, ref cacheRead);
        var output = Positive(usage.Output);
        var audioOutput = Take(usage.AudioOutput, ref output);
        var imageOutput = Take(usage.ImageOutput, ref output);
        var reasoning = Take(usage.Reasoning, ref output);

        return new ExactCost(
            (input * prices.Of(total, "input_mtok"))
                + (freshAudio * prices.Of(total, "input_audio_mtok", "input_mtok"))
                + (freshImages * prices.Of(total, "input_image_mtok", "input_mtok")),
            (cacheRead * prices.Of(total, "cache_read_mtok", "input_mtok"))
                + (cachedAudio * prices.Of(total, "cache_audio_read_mtok", "cache_read_mtok", "input_mtok"))
                + (cachedImages * prices.Of(total, "cache_image_read_mtok", "cache_read_mtok", "input_mtok")),
            (Positive(usage.CacheWrite5m) * prices.Of(total, "cache_write_mtok", "input_mtok"))
                + (Positive(usage.CacheWrite1h) * OneHourWrite(prices, total)),
            (output * prices.Of(total, "output_mtok"))
                + (audioOutput * prices.Of(total, "output_audio_mtok", "output_mtok"))
                + (imageOutput * prices.Of(total, "output_image_mtok", "output_mtok"))
                + (reasoning * prices.Of(total, "output_reasoning_mtok", "output_mtok")),
            Other: 0) * NanoPerToken;
    }

    /// <summary>What is paid whatever the tokens: the call itself, its web searches, the pages that it read, the hours that it listened to.</summary>
    public static ExactCost OfCall(PriceList prices, Usage usage) => default(ExactCost) with
    {
        Other = ((prices.Of(0, "requests_kcount")
            + (Positive(usage.WebSearches) * prices.Of(0, "web_searches_kcount"))
            + (Positive(usage.Pages) * prices.Of(0, "input_document_kpages"))) * NanoPerPiece)
            + (Math.Max(0, usage.AudioSeconds ?? 0) * prices.Of(0, "audio_hours") * NanoPerUsd / SecondsPerHour),
    };

    /// <summary>
    /// What is kept for an hour costs twice the input, whoever sells the model, where what is kept for five minutes has a price of its own
    /// (https://platform.claude.com/docs/en/about-claude/pricing); most sellers' lists leave it out.
    /// </summary>
    private static decimal OneHourWrite(PriceList prices, long total) =>
        prices.Has("cache_write_1h_mtok") ? prices.Of(total, "cache_write_1h_mtok")
        : prices.Has("cache_write_mtok") ? 2 * prices.Of(total, "input_mtok")
        : prices.Of(total, "input_mtok");

    /// <summary>How many of a kind's tokens are fresh and how many cached; they leave the others.</summary>
    private static (long Fresh, long Cached) Spread(long? kind, long? cached, ref long input, ref long cacheRead)
    {
        var told = Take(Math.Min(Positive(kind), Positive(cached)), ref cacheRead);
        var fresh = Take(Positive(kind) - told, ref input);
        return (fresh, told + Take(Positive(kind) - told - fresh, ref cacheRead));
    }

    private static long Take(long? wanted, ref long rest)
    {
        var taken = Math.Min(Positive(wanted), rest);
        rest -= taken;
        return taken;
    }

    private static long Positive(long? count) => Math.Max(0, count ?? 0);
}
