using Lethe.Capture.Turns;

namespace Lethe.Capture.Prices;

/// <summary>Tokens times prices, in nano-USD. A bucket without a price of its own pays what its parent pays.</summary>
internal static class TokenPricing
{
    // USD per million tokens to nano-USD per token, and USD per thousand pieces to nano-USD per piece.
    private const decimal NanoPerToken = 1_000m;
    private const decimal NanoPerPiece = 1_000_000m;

    /// <summary>One pass of a model over its tokens.</summary>
    public static decimal OfTokens(PriceList prices, Usage usage)
    {
        var total = usage.InputTotal ?? 0;
        var input = Positive(usage.Input);
        var cacheRead = Positive(usage.CacheRead);
        var audio = Math.Min(Positive(usage.AudioInput), input + cacheRead);
        var freshAudio = Math.Min(audio, input);
        var cachedAudio = audio - freshAudio;
        var output = Positive(usage.Output);
        var audioOutput = Math.Min(Positive(usage.AudioOutput), output);
        var reasoning = Math.Min(Positive(usage.Reasoning), output - audioOutput);

        var usd = ((input - freshAudio) * prices.Of(total, "input_mtok"))
            + (freshAudio * prices.Of(total, "input_audio_mtok", "input_mtok"))
            + ((cacheRead - cachedAudio) * prices.Of(total, "cache_read_mtok", "input_mtok"))
            + (cachedAudio * prices.Of(total, "cache_audio_read_mtok", "cache_read_mtok", "input_mtok"))
            + (Positive(usage.CacheWrite5m) * prices.Of(total, "cache_write_mtok", "input_mtok"))
            + (Positive(usage.CacheWrite1h) * OneHourWrite(prices, total))
            + ((output - audioOutput - reasoning) * prices.Of(total, "output_mtok"))
            + (audioOutput * prices.Of(total, "output_audio_mtok", "output_mtok"))
            + (reasoning * prices.Of(total, "output_reasoning_mtok", "output_mtok"));
        return usd * NanoPerToken;
    }

    /// <summary>What is paid once a call, whatever its tokens: the call itself and its web searches.</summary>
    public static decimal OfCall(PriceList prices, Usage usage) =>
        (prices.Of(0, "requests_kcount") + (Positive(usage.WebSearches) * prices.Of(0, "web_searches_kcount"))) * NanoPerPiece;

    /// <summary>
    /// What is kept for an hour costs twice the input, whoever sells the model, where what is kept for five minutes has a price of its own
    /// (https://platform.claude.com/docs/en/about-claude/pricing); most sellers' lists leave it out.
    /// </summary>
    private static decimal OneHourWrite(PriceList prices, long total) =>
        prices.Has("cache_write_1h_mtok") ? prices.Of(total, "cache_write_1h_mtok")
        : prices.Has("cache_write_mtok") ? 2 * prices.Of(total, "input_mtok")
        : prices.Of(total, "input_mtok");

    private static long Positive(long? count) => Math.Max(0, count ?? 0);
}
