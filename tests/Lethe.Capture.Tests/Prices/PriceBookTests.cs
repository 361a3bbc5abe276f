using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Prices;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Prices;

public sealed class PriceBookTests
{
    private const string Book = """
        {"name":"test-book","version":"7","providers":[
          {"id":"anthropic","provider_match":{"contains":"anthropic"},"models":[
            {"id":"opus","match":{"starts_with":"opus"},"prices":{"input_mtok":5,"output_mtok":25,"cache_read_mtok":0.5,"cache_write_mtok":6.25,"cache_write_1h_mtok":10,"web_searches_kcount":10}},
            {"id":"haiku","match":{"and":[{"contains":"haiku"},{"regex":"-\\d+$"}]},"prices":{"input_mtok":1,"output_mtok":5}}]},
          {"id":"azure","fallback_model_providers":["openai","anthropic"],"models":[{"id":"own","match":{"equals":"Own"},"prices":{"input_mtok":1,"output_mtok":1}}]},
          {"id":"groq","models":[{"id":"fast-one","match":{"equals":"fast-one"},"prices":{"input_mtok":7}}]},
          {"id":"google","models":[{"id":"claude","match":{"starts_with":"claude"},"prices":{"input_mtok":3,"output_mtok":15,"cache_write_mtok":3.75,"web_searches_kcount":10}}]},
          {"id":"aws","models":[{"id":"nova","match":{"equals":"nova"},"prices":{"input_mtok":9}}]},
          {"id":"openai","models":[
            {"id":"steps","match":{"equals":"steps-2026-05-01"},"prices":{
              "input_mtok":{"base":2,"tiers":[{"start":1000,"price":4}]},"cache_read_mtok":{"base":0.2,"tiers":[{"start":1000,"price":0.4}]},"output_mtok":{"base":10,"tiers":[{"start":1000,"price":15}]}}},
            {"id":"dated","match":{"ends_with":"dated"},"prices":[
              {"prices":{"input_mtok":8}},{"constraint":{"type":"start_date","start_date":"2026-03-13"},"prices":{"input_mtok":4}}]},
            {"id":"night","match":{"or":[{"equals":"night"},{"equals":"nocturnal"}]},"prices":[
              {"prices":{"input_mtok":8}},{"constraint":{"type":"time_of_date","start_time":"22:30:00Z","end_time":"06:00:00Z"},"prices":{"input_mtok":4}}]},
            {"id":"free","match":{"equals":"free"},"prices":{}},
            {"id":"paged","match":{"equals":"paged"},"prices":{"input_document_kpages":1}},
            {"id":"voice","match":{"equals":"voice"},"prices":{"input_mtok":1,"output_mtok":2,"input_audio_mtok":10,"output_audio_mtok":20,"cache_read_mtok":0.5,"cache_audio_read_mtok":5,"output_reasoning_mtok":3}},
            {"id":"called","match":{"equals":"called"},"prices":{"input_mtok":0.000375,"requests_kcount":5}}]}]}
        """;

    private static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly PriceBook Prices = PriceBook.Parse(new MemoryStream(Encoding.UTF8.GetBytes(Book)));

    [Fact]
    public void Each_bucket_pays_its_own_price_in_whole_nano_dollars()
    {
        var usage = new Usage { Input = 3, CacheRead = 1_000, CacheWrite5m = 9, CacheWrite1h = 3_259, Output = 5, Reasoning = 2, WebSearches = 2, Final = true };

        var cost = Prices.Price(Turn("anthropic", "opus-5", usage), Noon);

        var parts = new CostParts(3 * 5_000, 1_000 * 500, (9 * 6_250) + (3_259 * 10_000), 5 * 25_000, 2 * 10_000_000);
        Assert.Equal(new Cost((3 * 5_000) + (1_000 * 500) + (9 * 6_250) + (3_259 * 10_000) + (5 * 25_000) + (2 * 10_000_000), "test-book 7") { Parts = parts }, cost);
    }

    [Fact]
    public void Parts_of_a_cost_add_up_to_it_however_they_are_rounded() =>
        Prop.ForAll(Gen.Choose(0, 9_999).ArrayOf(6).ToArbitrary(), counts =>
        {
            var usage = new Usage
            {
                Input = counts[0],
                CacheRead = counts[1],
                CacheWrite5m = counts[2],
                Output = counts[3],
                Reasoning = counts[4] % (counts[3] + 1),
                AudioInput = counts[5] % (counts[0] + 1),
                ServiceTier = counts[0] % 2 == 0 ? "batch" : null,
            };
            foreach (var (vendor, model) in new[] { ("openai", "called"), ("openai", "voice"), ("openai", "steps-2026-05-01"), ("google", "claude") })
            {
                var cost = Prices.Price(Turn(vendor, model, usage), Noon)!.Value;
                var parts = cost.Parts!.Value;
                Assert.Equal(cost.NanoUsd, parts.Input + parts.CacheRead + parts.CacheWrite + parts.Output + parts.Other);
                Assert.True(parts is { Input: >= 0, CacheRead: >= 0, CacheWrite: >= 0, Output: >= 0, Other: >= 0 });
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void A_bucket_without_a_price_pays_what_its_parent_pays()
    {
        var usage = new Usage { Input = 1, CacheRead = 10, CacheWrite5m = 100, CacheWrite1h = 1_000, Output = 10_000, Reasoning = 4_000, AudioOutput = 7 };

        Assert.Equal((1_111 * 1_000) + (10_000 * 5_000), Cost("anthropic", "haiku-4", usage));
    }

    [Theory]
    [InlineData(1_000, (400 * 2_000) + (600 * 200) + (10 * 10_000))]
    [InlineData(1_001, (401 * 4_000) + (600 * 400) + (10 * 15_000))]
    public void A_tier_is_a_cliff_that_the_whole_call_falls_from(long inputTotal, long nano) =>
        Assert.Equal(nano, Cost("openai", "steps-20260501", new Usage { Input = inputTotal - 600, CacheRead = 600, Output = 10 }));

    [Theory]
    [InlineData("dated", "2026-03-12T23:59:59Z", 8_000)]
    [InlineData("dated", "2026-03-13T00:00:00Z", 4_000)]
    [InlineData("dated", "2026-03-13T01:00:00+02:00", 8_000)]
    [InlineData("night", "2026-03-13T22:29:59Z", 8_000)]
    [InlineData("night", "2026-03-13T22:30:00Z", 4_000)]
    [InlineData("nocturnal", "2026-03-13T05:59:59Z", 4_000)]
    [InlineData("nocturnal", "2026-03-13T06:00:00Z", 8_000)]
    public void The_price_is_that_of_the_time(string model, string at, long nano) =>
        Assert.Equal(nano, Prices.Price(Turn("openai", model, new Usage { Input = 1 }), DateTimeOffset.Parse(at, null))?.NanoUsd);

    [Fact]
    public void Voice_and_thought_have_prices_of_their_own_where_given()
    {
        var usage = new Usage { Input = 100, CacheRead = 50, AudioInput = 120, Output = 60, AudioOutput = 10, Reasoning = 20 };

        Assert.Equal((100 * 10_000) + (20 * 5_000) + (30 * 500) + (10 * 20_000) + (20 * 3_000) + (30 * 2_000), Cost("openai", "voice", usage));
    }

    [Fact]
    public void Fractions_are_rounded_once_at_the_end() =>
        Assert.Equal(5_000_000 + 1, Cost("openai", "called", new Usage { Input = 2, CacheRead = 1 }));

    [Theory]
    [InlineData("azure", "opus-5", 5_000)]
    [InlineData("azure-openai", "dated", 4_000)]
    [InlineData("openai-chatgpt", "dated", 4_000)]
    [InlineData("my-anthropic-gateway", "OPUS-5 ", 5_000)]
    [InlineData("litellm", "anthropic/opus-5", 5_000)]
    [InlineData("openai", "opus-5", null)]
    [InlineData("ollama", "dated", null)]
    [InlineData("openai", "paged", null)]
    [InlineData("openai", "free", 0)]
    public void The_seller_and_the_model_decide(string provider, string model, int? nano) =>
        Assert.Equal(nano, Cost(provider, model, new Usage { Input = 1 }));

    [Fact]
    public void The_model_requested_counts_where_the_one_served_has_no_price()
    {
        var turn = Turn("anthropic", "opus-5", new Usage { Input = 1 });

        Assert.Equal(5_000, Prices.Price(turn with { ModelServed = null, ModelRequested = "opus-5" }, Noon)?.NanoUsd);
        Assert.Equal(5_000, Prices.Price(turn with { ModelServed = "alias", ModelRequested = "opus-5" }, Noon)?.NanoUsd);
        Assert.Equal(5_000, Prices.Price(turn with { ModelRequested = "haiku-4" }, Noon)?.NanoUsd);
    }

    [Fact]
    public void Unknown_is_null_and_zero_is_zero()
    {
        Assert.Null(Cost("anthropic", "opus-5", null));
        Assert.Null(Cost("anthropic", "opus-5", new Usage()));
        Assert.Equal(0, Cost("anthropic", "opus-5", new Usage { Input = 0, Output = 0 }));
        Assert.Equal(5_000, Cost("anthropic", "opus-5", new Usage { Input = 1 }));
    }

    [Fact]
    public void Passes_inside_a_call_are_paid_each_at_its_own_models_price()
    {
        UsageIteration[] passes = [new("message", null, 220, 0, 0, 0, 10), new("compaction", "haiku-4", 55_196, 0, 0, 0, 300)];
        var usage = new Usage { Input = 220, Output = 10, Iterations = passes, WebSearches = 1 };

        Assert.Equal((220 * 5_000) + (10 * 25_000) + (55_196 * 1_000) + (300 * 5_000) + 10_000_000, Cost("anthropic", "opus-5", usage));
        Assert.Null(Cost("anthropic", "opus-5", usage with { Iterations = [.. passes, new("advisor_message", "unheard-of", 1, 0, 0, 0, 1)] }));
    }

    [Theory]
    [InlineData("standard", 5_000)]
    [InlineData("batch", 2_500)]
    [InlineData("fast", null)]
    public void A_service_tier_changes_the_price_or_leaves_it_unknown(string tier, int? nano) =>
        Assert.Equal(nano, Cost("anthropic", "opus-5", new Usage { Input = 1, ServiceTier = tier }));

    [Theory]
    [InlineData("openai", "dated", "flex", 2_000)]
    [InlineData("openai", "dated", "priority", null)]
    [InlineData("azure", "dated", "flex", 2_000)]
    [InlineData("anthropic", "opus-5", "priority", 5_000)]
    [InlineData("litellm", "anthropic/opus-5", "priority", 5_000)]
    [InlineData("my-anthropic-gateway", "opus-5", "priority", 5_000)]
    [InlineData("groq", "fast-one", "flex", 7_000)]
    [InlineData("groq", "fast-one", "on_demand", 7_000)]
    [InlineData("bedrock", "nova", "priority", null)]
    [InlineData("bedrock", "nova", "flex", null)]
    [InlineData("bedrock", "nova", "default", 9_000)]
    public void What_a_tier_costs_is_the_sellers_own_matter(string provider, string model, string tier, int? nano) =>
        Assert.Equal(nano, Cost(provider, model, new Usage { Input = 1, ServiceTier = tier }));

    [Theory]
    [InlineData("litellm", "anthropic/opus-5")]
    [InlineData("Anthropic", "opus-5")]
    public void Where_a_model_ran_counts_behind_a_gateway_too(string provider, string model) =>
        Assert.Equal(5_500, Cost(provider, model, new Usage { Input = 1, InferenceGeo = "us" }));

    [Theory]
    [InlineData("us", (5_500 * 2) + 10_000_000)]
    [InlineData("global", (5_000 * 2) + 10_000_000)]
    [InlineData("not_available", (5_000 * 2) + 10_000_000)]
    [InlineData(null, (5_000 * 2) + 10_000_000)]
    public void Tokens_cost_a_tenth_more_where_the_model_ran_in_the_us_and_searches_do_not(string? geo, int nano) =>
        Assert.Equal(nano, Cost("anthropic", "opus-5", new Usage { Input = 2, WebSearches = 1, InferenceGeo = geo }));

    [Fact]
    public void What_is_kept_for_an_hour_costs_twice_the_input_whoever_sells_the_model()
    {
        var usage = new Usage { Input = 0, CacheWrite5m = 10, CacheWrite1h = 100, Output = 0, Final = true };

        Assert.Equal((10 * 3_750) + (100 * 6_000), Cost("vertex", "claude-sonnet-4-5", usage));
        foreach (var (vendor, model) in new[] { ("vertex", "claude-sonnet-4-5"), ("openrouter", "anthropic/claude-sonnet-4.5"), ("bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0") })
        {
            var turn = Turn(vendor, model, usage with { CacheWrite5m = 0 });
            Assert.Equal(100 * 6_000, PriceBook.Embedded.Price(turn, Noon)?.NanoUsd);
        }
    }

    [Fact]
    public void A_search_costs_the_same_in_a_batch() =>
        Assert.Equal((2 * 1_500) + 10_000_000, Cost("vertex", "claude-x", new Usage { Input = 2, WebSearches = 1, ServiceTier = "batch" }));

    [Fact]
    public void Absurd_numbers_and_names_cost_nothing_but_a_null()
    {
        Assert.Null(Cost("anthropic", "opus-5", new Usage { Output = long.MaxValue }));
        Assert.Null(Cost("anthropic", new string('o', 100_000), new Usage { Input = 1 }));
    }

    [Fact]
    public void The_shipped_book_knows_the_models_of_the_day()
    {
        Assert.StartsWith("genai-prices ", PriceBook.Embedded.Name, StringComparison.Ordinal);
        Assert.Equal(
            (1_000 * 3_000) + (200 * 15_000),
            PriceBook.Embedded.Price(Turn("anthropic", "claude-sonnet-4-5-20250929", new Usage { Input = 1_000, Output = 200 }), Noon)?.NanoUsd);
    }

    private static long? Cost(string provider, string model, Usage? usage) => Prices.Price(Turn(provider, model, usage), Noon)?.NanoUsd;

    private static Turn Turn(string provider, string model, Usage? usage) =>
        new() { Provider = provider, Endpoint = "messages", Operation = Operation.Chat, ModelServed = model, Usage = usage };
}
