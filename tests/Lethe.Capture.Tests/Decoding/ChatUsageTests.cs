using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>Where the vendors that speak Chat Completions count differently.</summary>
public sealed class ChatUsageTests
{
    [Theory]
    [InlineData("xai", """{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"completion_tokens_details":{"reasoning_tokens":100}}""", 10, 0, 105, 100, false)]
    [InlineData("openai", """{"prompt_tokens":10,"completion_tokens":120,"total_tokens":130,"completion_tokens_details":{"reasoning_tokens":100}}""", 10, 0, 120, 100, false)]
    [InlineData("gemini", """{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}""", 35, 0, 74, 62, false)]
    [InlineData("mistral", """{"prompt_tokens":9,"completion_tokens":201,"total_tokens":585,"prompt_tokens_details":{"audio_tokens":375}}""", 384, 0, 201, 0, false)]
    [InlineData("deepseek", """{"prompt_tokens":30,"prompt_cache_hit_tokens":20,"prompt_cache_miss_tokens":10,"completion_tokens":1,"total_tokens":31}""", 30, 20, 1, 0, false)]
    [InlineData("mistral", """{"prompt_tokens":30,"num_cached_tokens":20,"completion_tokens":1,"total_tokens":31}""", 30, 20, 1, 0, false)]
    [InlineData("databricks", """{"prompt_tokens":30,"cache_read_input_tokens":20,"cache_creation_input_tokens":4,"completion_tokens":1,"total_tokens":31}""", 30, 20, 1, 0, false)]
    [InlineData("azure-ai", """{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":161}}""", 10, 10, 1, 0, true)]
    [InlineData("vercel-gateway", """{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"completion_tokens_details":{"reasoning_tokens":25}}""", 9, 0, 2, 2, true)]
    [InlineData("openrouter", """{"prompt_tokens":2168,"completion_tokens":1,"total_tokens":2169,"prompt_tokens_details":{"cached_tokens":2161,"cache_write_tokens":2161}}""", 2168, 2161, 1, 0, true)]
    [InlineData("voyage", """{"total_tokens":7}""", 7, 0, 0, 0, false)]
    [InlineData("odd", """{"prompt_tokens":-4,"completion_tokens":1e3,"total_tokens":"many"}""", 0, 0, 1000, 0, false)]
    public void Each_vendors_arithmetic_is_kept(string vendor, string usage, long input, long cached, long output, long reasoning, bool clamped)
    {
        var read = Read(vendor, usage)!;

        Assert.Equal((input, cached, output, reasoning, clamped), (read.InputTotal ?? 0, read.CacheRead ?? 0, read.Output ?? 0, read.Reasoning ?? 0, read.Clamped));
        Assert.NotNull(read.ReportedJson);
    }

    [Fact]
    public void What_is_not_told_is_unknown()
    {
        var read = Read("openai", """{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}""")!;

        Assert.Null(read.CacheRead);
        Assert.Null(read.CacheWrite);
        Assert.Null(read.Reasoning);
        Assert.Null(Read("openai", "{}"));
        Assert.Null(Read("openai", "null"));
    }

    [Theory]
    [InlineData("""{"prompt_tokens":1,"cost":0.0001232}""", 123_200)]
    [InlineData("""{"prompt_tokens":1,"cost":{"input_tokens_cost":0.1,"total_cost":0.006}}""", 6_000_000)]
    [InlineData("""{"prompt_tokens":1,"cost_in_usd_ticks":12345}""", 1_235)]
    [InlineData("""{"prompt_tokens":1,"pydantic_ai_gateway":{"cost_estimate":2e-7}}""", 200)]
    [InlineData("""{"prompt_tokens":1,"cost":0}""", 0)]
    [InlineData("""{"prompt_tokens":1,"cost":1e40}""", null)]
    public void The_vendors_word_on_price_is_kept_in_nano_usd(string usage, int? nano) =>
        Assert.Equal(nano, Read("openrouter", usage)!.ReportedCostNanoUsd);

    [Theory]
    [InlineData("""{"prompt_tokens":1,"cost":0.0001}""", 200, 100_000)]
    [InlineData("""{"prompt_tokens":1}""", 200, 15_000)]
    [InlineData("null", 200, 15_000)]
    [InlineData("null", 500, 15_000)]
    public void A_proxys_price_header_is_the_word_where_the_body_has_none(string usage, int status, long nano)
    {
        var exchange = Exchange("litellm", usage) with { Status = status, ResponseHeaders = [new HeaderField("X-LiteLLM-Response-Cost", "1.5e-05")] };

        Assert.Equal(nano, Invented.Decode(exchange).ReportedCostNanoUsd);
    }

    private static Usage? Read(string vendor, string usage) => Invented.Decode(Exchange(vendor, usage)).Usage;

    private static CapturedExchange Exchange(string vendor, string usage) =>
        Invented.Exchange("/v1/chat/completions", "{}", $$"""{"id":"i","choices":[],"usage":{{usage}}}""") with { Provider = vendor };
}
