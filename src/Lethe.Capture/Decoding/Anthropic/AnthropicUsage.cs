using System.Text.Json;
using Lethe.Capture.Decoding.Counts;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Anthropic;

/// <summary>
/// Token counts of the Messages API: input, cache reads and cache writes are disjoint as they come. Top-level counts cover the
/// <c>message</c> iterations only; the others stand in <see cref="Usage.Iterations"/>.
/// </summary>
internal static class AnthropicUsage
{
    public static Usage? Read(JsonElement usage, bool final)
    {
        var input = usage.Count("input_tokens"u8);
        var read = usage.Count("cache_read_input_tokens"u8);
        var output = usage.Count("output_tokens"u8);
        var written = ReadWrites(usage);
        if (input is null && output is null && read is null && written.FiveMinutes is null)
        {
            return null;
        }

        var reasoning = usage.Member("output_tokens_details"u8)?.Count("thinking_tokens"u8);
        var contradicts = reasoning > output;
        return new Usage
        {
            Input = input,
            CacheRead = read,
            CacheWrite5m = written.FiveMinutes,
            CacheWrite1h = written.OneHour,
            Output = output,
            Reasoning = contradicts ? output : reasoning,
            WebSearches = usage.Member("server_tool_use"u8)?.Count("web_search_requests"u8),
            ServiceTier = usage.Is("speed"u8, "fast"u8) ? "fast" : ServiceTiers.First(usage.Text("service_tier"u8)),
            InferenceGeo = usage.Text("inference_geo"u8),
            ReportedCostNanoUsd = ReportedCost.Read(usage),
            Iterations = ReadIterations(usage, written.OneHour),
            ReportedJson = usage.GetRawText(),
            Final = final,
            Clamped = contradicts || written.Contradicts,
        };
    }

    /// <summary>
    /// The total is the last word; the split by lifetime may be older (it comes only with the start of a stream), so what
    /// it does not cover counts as five minutes.
    /// </summary>
    private static (long? FiveMinutes, long? OneHour, bool Contradicts) ReadWrites(JsonElement usage)
    {
        var split = usage.ObjectMember("cache_creation"u8);
        var fiveMinutes = split?.Count("ephemeral_5m_input_tokens"u8);
        var oneHour = split?.Count("ephemeral_1h_input_tokens"u8);
        if (usage.Count("cache_creation_input_tokens"u8) is not { } total)
        {
            return (fiveMinutes, oneHour, false);
        }

        var kept = Math.Min(oneHour ?? 0, total);
        return (total - kept, oneHour is null ? null : kept, (fiveMinutes ?? 0) + (oneHour ?? 0) > total);
    }

    private static List<UsageIteration> ReadIterations(JsonElement usage, long? wholeOneHour)
    {
        List<UsageIteration> iterations = [];
        var hasOnePass = usage.Items("iterations"u8).Count(IsMessage) == 1;
        foreach (var pass in usage.Items("iterations"u8))
        {
            var written = ReadWrites(pass);
            if (hasOnePass && IsMessage(pass) && pass.ObjectMember("cache_creation"u8) is null && written.FiveMinutes is { } total)
            {
                // The whole tells the split of its only pass.
                var oneHour = Math.Min(wholeOneHour ?? 0, total);
                written = (total - oneHour, oneHour, false);
            }

            iterations.Add(new UsageIteration(
                pass.Text("type"u8) ?? "message",
                pass.Word("model"u8),
                pass.Count("input_tokens"u8) ?? 0,
                pass.Count("cache_read_input_tokens"u8) ?? 0,
                written.FiveMinutes ?? 0,
                written.OneHour ?? 0,
                pass.Count("output_tokens"u8) ?? 0));
        }

        return iterations;
    }

    private static bool IsMessage(JsonElement pass) => pass.Member("type"u8) is null || pass.Is("type"u8, "message"u8);
}
