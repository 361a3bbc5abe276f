using System.Text.Json;
using Lethe.Capture.Prices;
using Lethe.Capture.Tests.Decoding;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Prices;

/// <summary>One model of each seller of the shipped book, by the seller's word and by ours for it; and what a vendor says itself beside ours.</summary>
public sealed class VendorPriceTests
{
    private static readonly DateTimeOffset Noon = new(2026, 10, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Vendor, model, USD for a million tokens in and out, as the book's file has them.</summary>
    public static TheoryData<string, string, decimal, decimal> Sold => new()
    {
        { "anthropic", "claude-opus-4-5", 5m, 25m },
        { "arcee", "zai-org/glm-5.2", 1.4m, 4.4m },
        { "avian", "z-ai/glm-5.2", 0.495m, 1.733m },
        { "aws", "amazon.nova-pro", 0.8m, 3.2m },
        { "azure", "wizardlm-2-8x22b", 0.48m, 0.48m },
        { "baseten", "zai-org/GLM-5.3-Flash", 0.15m, 0.5m },
        { "cerebras", "zai-glm-4.7", 2.25m, 2.75m },
        { "cloudflare", "@cf/zai-org/glm-5.3-flash", 0.15m, 0.5m },
        { "cohere", "command-a", 2.5m, 10m },
        { "cursor", "grok-4.6-fast", 4m, 12m },
        { "deepseek", "deepseek-v3.2-exp", 0.27m, 0.41m },
        { "doubleword", "zai-org/GLM-5.2-FP8", 0.93m, 3m },
        { "fireworks", "accounts/fireworks/models/qwen3p7-plus", 0.4m, 1.6m },
        { "github-copilot", "mai-code-1.1-flash", 0.2m, 1.2m },
        { "google", "gemini-2.0-flash-0", 0.1m, 0.4m },
        { "groq", "llama-3.3-70b-specdec", 0.59m, 0.99m },
        { "huggingface_cerebras", "meta-llama/llama-3.1-8b-instruct", 0.1m, 0.1m },
        { "huggingface_fireworks-ai", "openai/gpt-oss-20b", 0.05m, 0.2m },
        { "huggingface_groq", "openai/gpt-oss-20b", 0.1m, 0.5m },
        { "huggingface_hyperbolic", "openai/gpt-oss-20b", 0.1m, 0.1m },
        { "huggingface_nebius", "zai-org/glm-4.5-air", 0.2m, 1.2m },
        { "huggingface_novita", "zai-org/glm-5", 1m, 3.2m },
        { "huggingface_nscale", "openai/gpt-oss-20b", 0.05m, 0.2m },
        { "huggingface_ovhcloud", "openai/gpt-oss-20b", 0.05m, 0.18m },
        { "huggingface_publicai", "utter-project/eurollm-22b-instruct-2512", 0.1m, 0.2m },
        { "huggingface_sambanova", "tokyotech-llm/llama-3.3-swallow-70b-instruct-v0.4", 0.6m, 1.2m },
        { "huggingface_together", "zai-org/glm-5", 1m, 3.2m },
        { "minimax", "minimax-m1", 0.4m, 2.2m },
        { "mistral", "mistral-large", 2m, 6m },
        { "modal", "thinkingmachines/Inkling-NVFP4", 1.2m, 5m },
        { "moonshotai", "kimi-k2", 0.57m, 2.3m },
        { "novita", "teknium/openhermes-2.5-mistral-7b", 0.17m, 0.17m },
        { "openai", "gpt-4.1", 2m, 8m },
        { "openrouter", "~openai/gpt-mini-latest", 0.75m, 4.5m },
        { "ovhcloud", "gpt-oss-20b", 0.05m, 0.18m },
        { "perplexity", "sonar-pro-search", 3m, 15m },
        { "quicksilverpro", "qwen3.8-max", 2m, 6m },
        { "together", "zero-one-ai/Yi-6B", 0.2m, 0.2m },
        { "typesafe", "jev-1.13.0", 0.042m, 0m },
        { "voyageai", "voyage-multilingual-2", 0.12m, 0m },
        { "x-ai", "grok-4-0709", 3m, 15m },
        { "zai", "GLM-5.3-Flash", 0.075m, 0.25m },
        { "zhipuai", "GLM-5.3-Flash", 0.055m, 0.193m },
        { "openai-chatgpt", "gpt-4.1", 2m, 8m },
        { "azure-openai", "wizardlm-2-8x22b", 0.48m, 0.48m },
        { "azure-ai", "wizardlm-2-8x22b", 0.48m, 0.48m },
        { "gemini", "gemini-2.0-flash-0", 0.1m, 0.4m },
        { "vertex", "gemini-2.0-flash-0", 0.1m, 0.4m },
        { "bedrock", "amazon.nova-pro", 0.8m, 3.2m },
        { "bedrock-mantle", "amazon.nova-pro", 0.8m, 3.2m },
        { "copilot", "mai-code-1.1-flash", 0.2m, 1.2m },
        { "xai", "grok-4-0709", 3m, 15m },
        { "moonshot", "kimi-k2", 0.57m, 2.3m },
        { "kimi", "kimi-k2", 0.57m, 2.3m },
        { "voyage", "voyage-multilingual-2", 0.12m, 0m },
        { "zhipu", "GLM-5.3-Flash", 0.055m, 0.193m },
        { "together-ai", "zero-one-ai/Yi-6B", 0.2m, 0.2m },
        { "huggingface", "openai/gpt-oss-20b:groq", 0.1m, 0.5m },
        { "huggingface", "zai-org/glm-5:together", 1m, 3.2m },
        { "litellm", "mistral/mistral-large", 2m, 6m },
        { "portkey", "anthropic/claude-opus-4-5", 5m, 25m },
        { "vercel-gateway", "openai/gpt-4.1", 2m, 8m },
    };

    [Theory]
    [MemberData(nameof(Sold))]
    public void Each_vendors_models_have_their_price(string vendor, string model, decimal input, decimal output) =>
        Assert.Equal((long)(((2_000 * input) + (300 * output)) * 1_000), Price(vendor, model, new Usage { Input = 2_000, Output = 300, Final = true }));

    [Fact]
    public void No_seller_of_the_book_is_left_out()
    {
        using var resource = typeof(PriceBook).Assembly.GetManifestResourceStream("Lethe.Capture.Prices.genai-prices.json")!;
        using var book = JsonDocument.Parse(resource);
        var sellers = book.RootElement.GetProperty("providers").EnumerateArray().Select(provider => provider.GetProperty("id").GetString()!);
        Assert.Empty(sellers.Except(Sold.Select(row => (string)row[0])));
    }

    [Theory]
    [InlineData("anthropic", "claude-opus-4-5", "fast", null)]
    [InlineData("openai", "gpt-4.1", "priority", null)]
    [InlineData("openai", "gpt-4.1", "batch", 2_000_000L)]
    [InlineData("gemini", "gemini-2.0-flash-0", "flex", 100_000L)]
    [InlineData("gemini", "gemini-2.0-flash-0", "priority", null)]
    [InlineData("bedrock", "amazon.nova-pro", "flex", null)]
    [InlineData("groq", "llama-3.3-70b-specdec", "flex", 1_180_000L)]
    public void A_tier_whose_price_nobody_tells_has_none(string vendor, string model, string tier, long? nano) =>
        Assert.Equal(nano, Price(vendor, model, new Usage { Input = 2_000, ServiceTier = tier, Final = true }));

    [Fact]
    public void What_the_vendor_says_that_a_call_cost_stands_beside_ours()
    {
        var interpreter = new ExchangeInterpreter(PriceBook.Embedded);
        const string Answer = """{"id":"i","model":"openai/gpt-4.1","choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":2000,"completion_tokens":300,"cost":0.0071}}""";
        var told = interpreter.Interpret(Invented.Exchange("/api/v1/chat/completions", "{}", Answer) with { Provider = "openrouter" });
        var gateway = interpreter.Interpret(Invented.Exchange("/v1/chat/completions", "{}", Answer.Replace(",\"cost\":0.0071", "", StringComparison.Ordinal)) with
        {
            Provider = "litellm",
            ResponseHeaders = [new("x-litellm-response-cost", "0.0072")],
        });

        Assert.Equal((7_100_000, (2_000 * 2_000) + (300 * 8_000)), (told.Turn!.ReportedCostNanoUsd, told.Cost!.Value.NanoUsd));
        Assert.Equal((7_200_000, (2_000 * 2_000) + (300 * 8_000)), (gateway.Turn!.ReportedCostNanoUsd, gateway.Cost!.Value.NanoUsd));
    }

    [Fact]
    public void Fast_mode_is_told_and_has_no_price_of_ours()
    {
        var meaning = new ExchangeInterpreter(PriceBook.Embedded).Interpret(Invented.Exchange(
            "/v1/messages", "{}", """{"type":"message","role":"assistant","id":"m","model":"claude-opus-4-5","content":[{"type":"text","text":"a"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":9,"speed":"fast"}}"""));

        Assert.Equal(("fast", null), (meaning.Turn!.Usage!.ServiceTier, meaning.Cost));
    }

    private static long? Price(string vendor, string model, Usage usage) => PriceBook.Embedded.Price(
        new Turn { Provider = vendor, Endpoint = "chat_completions", Operation = Operation.Chat, ModelServed = model, Usage = usage }, Noon)?.NanoUsd;
}
