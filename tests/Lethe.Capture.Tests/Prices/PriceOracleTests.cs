using System.IO.Compression;
using System.Text.Json;
using Lethe.Capture.Prices;
using Lethe.Capture.Turns;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Prices;

/// <summary>Over the recorded exchanges beside the checkout, where they are: our prices against those of the package that the book comes from.</summary>
public sealed class PriceOracleTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset PricedAt = new(2026, 10, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Recorded_calls_cost_what_the_books_own_calculator_says()
    {
        if (Find() is not { } file)
        {
            output.WriteLine("No recorded exchanges beside the checkout: nothing compared.");
            return;
        }

        var compared = 0;
        List<string> disagreements = [];
        foreach (var record in Read(file))
        {
            if (!record.GetProperty("expect").TryGetProperty("genai_prices", out var oracle) || !oracle.TryGetProperty("total_price", out var total))
            {
                continue;
            }

            compared++;
            var turn = TurnOf(record, oracle);
            var ours = PriceBook.Embedded.Price(turn, PricedAt)?.NanoUsd;
            var theirs = (long)decimal.Round((decimal)total.GetDouble() * 1_000_000_000m, MidpointRounding.AwayFromZero);
            if (ours is null || Math.Abs(ours.Value - theirs) > 1)
            {
                disagreements.Add($"{record.GetProperty("id")} {turn.Provider} {turn.ModelServed}: {ours} instead of {theirs} for {oracle.GetProperty("usage")}");
            }
        }

        output.WriteLine($"{compared} compared, {disagreements.Count} differ");
        disagreements.ForEach(output.WriteLine);
        Assert.True(disagreements.Count * 100 <= compared, string.Join('\n', disagreements));
    }

    private static Turn TurnOf(JsonElement record, JsonElement oracle)
    {
        var usage = oracle.GetProperty("usage");
        long? Of(string name) => usage.TryGetProperty(name, out var value) ? value.GetInt64() : null;
        var cacheWrite1h = Of("cache_write_1h_tokens");
        var cacheWrite5m = Of("cache_write_tokens") - (cacheWrite1h ?? 0);
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
                CacheWrite5m = cacheWrite5m,
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

    private static IEnumerable<JsonElement> Read(string file)
    {
        using var lines = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        while (lines.ReadLine() is { } line)
        {
            using var record = JsonDocument.Parse(line);
            yield return record.RootElement;
        }
    }

    private static string? Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var fixtures = Path.Combine(directory.FullName, "shared", "fixtures");
            if (File.Exists(Path.Combine(fixtures, "README.md")))
            {
                return Path.Combine(fixtures, "exchanges.jsonl.gz");
            }
        }

        return null;
    }
}
