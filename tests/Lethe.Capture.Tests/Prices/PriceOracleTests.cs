using System.Text.Json;
using Lethe.Capture.Decoding;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Prices;
using Lethe.Capture.Tests.Decoding;
using Lethe.Capture.Turns;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Prices;

/// <summary>Over the recorded exchanges beside the checkout, where they are: our prices against those of the package that the book comes from.</summary>
public sealed class PriceOracleTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset PricedAt = new(2026, 10, 1, 12, 0, 0, TimeSpan.Zero);

    private const string HiddenThoughts = "Gemini's compatible surface bills thoughts that only the total tells of";
    private const string Audio = "the audio of the prompt lies outside prompt_tokens";
    private const string Search = "the call searched the web, which the calculator does not read from this API's usage";
    private const string ByTheHour = "the model is billed by the hour of audio, so its tokens have no price";

    private const string SeveralAnswers = "several answers lie behind one another in one body, and all were paid";

    private static readonly Dictionary<string, string> Reasons = new()
    {
        ["56b798c1909b"] = HiddenThoughts,
        ["5ef563928888"] = HiddenThoughts,
        ["6c7fc2e80df1"] = ByTheHour,
        ["d49c7c0c96ee"] = Audio,
        ["0fe8f06484c2"] = Audio,
        ["e40ed81bfd77"] = "Moonshot tells cached tokens at the top level",
        ["60ad386fa7ab"] = SeveralAnswers,
        ["0bc5c2cc1dda"] = SeveralAnswers,
        ["3dbc18fa6336"] = SeveralAnswers,
        ["3b305d0ebed5"] = Search,
        ["71e96f58ba41"] = Search,
        ["745881bcd3fe"] = Search,
        ["91b3ef685056"] = Search,
        ["99c96b7fc8a2"] = Search,
    };

    [Fact]
    public void Normalised_usage_costs_what_the_books_own_calculator_says() => Compare(TurnOf);

    [Fact]
    public void Recorded_calls_cost_what_the_books_own_calculator_says() => Compare((record, _) =>
    {
        using var decoded = TurnDecoder.Decode(SharedFixtures.ToExchange(record));
        return decoded.Turn?.Usage is null ? null : decoded.Turn;
    });

    private static string? ReasonFor(string id, Usage usage) => Reasons.GetValueOrDefault(id)
        ?? (usage.Iterations.Count > 0 ? "the calculator does not know of passes with models of their own"
            : usage.ServiceTier is "priority" ? "the book has no price for the tier"
            : null);

    private void Compare(Func<JsonElement, JsonElement, Turn?> read)
    {
        if (SharedFixtures.Directory is null)
        {
            output.WriteLine("No recorded exchanges beside the checkout: nothing compared.");
            return;
        }

        var compared = 0;
        List<string> unexplained = [];
        List<string> explained = [];
        foreach (var record in SharedFixtures.Exchanges())
        {
            if (!record.GetProperty("expect").TryGetProperty("genai_prices", out var oracle) || !oracle.TryGetProperty("total_price", out var total)
                || read(record, oracle) is not { } turn)
            {
                continue;
            }

            compared++;
            var ours = PriceBook.Embedded.Price(turn, PricedAt)?.NanoUsd;
            var theirs = (long)decimal.Round((decimal)total.GetDouble() * 1_000_000_000m, MidpointRounding.AwayFromZero);
            if (ours is null || Math.Abs(ours.Value - theirs) > 1)
            {
                var why = ReasonFor(record.GetProperty("id").GetString()!, turn.Usage!);
                (why is null ? unexplained : explained).Add($"{record.GetProperty("id")} {turn.Provider} {turn.ModelServed}: {ours} instead of {theirs}: {why}");
            }
        }

        output.WriteLine($"{compared} compared, {unexplained.Count} differ, {explained.Count} more with a reason");
        explained.ForEach(output.WriteLine);
        Assert.Empty(unexplained);
    }

    private static Turn TurnOf(JsonElement record, JsonElement oracle)
    {
        var usage = oracle.GetProperty("usage");
        long? Of(string name) => usage.TryGetProperty(name, out var value) ? value.GetInt64() : null;
        var cacheWrite1h = Of("cache_write_1h_tokens");
        return new Turn
        {
            Provider = record.GetProperty("provider").GetString()!,
            Endpoint = "chat_completions",
            Operation = Operation.Chat,
            ModelServed = oracle.GetProperty("model").GetString(),
            Usage = new Usage
            {
                Input = Of("input_tokens") - (Of("cache_read_tokens") ?? 0) - (Of("cache_write_tokens") ?? 0),
                CacheRead = Of("cache_read_tokens"),
                CacheWrite5m = Of("cache_write_tokens") - (cacheWrite1h ?? 0),
                CacheWrite1h = cacheWrite1h,
                Output = Of("output_tokens"),
                Reasoning = Of("output_reasoning_tokens"),
                AudioInput = Of("input_audio_tokens"),
                AudioOutput = Of("output_audio_tokens"),
                WebSearches = Of("web_searches"),
                Final = true,
            },
        };
    }
}
