using System.Text.Json;
using Lethe.Capture.Decoding.Counts;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>Token counts of a response object; input includes cached and written tokens, output includes reasoning.</summary>
internal static class ResponsesUsage
{
    /// <summary>Null before the response is over, or when it tells none.</summary>
    public static Usage? Find(JsonElement response) => response.ObjectMember("usage"u8) is { } usage ? Read(usage, response) : null;

    /// <summary>Reads counts that are the response's, wherever they were told.</summary>
    public static Usage? Read(JsonElement usage, JsonElement response)
    {
        var inputDetails = usage.ObjectMember("input_tokens_details"u8);
        var outputDetails = usage.ObjectMember("output_tokens_details"u8);
        var input = usage.Count("input_tokens"u8);
        var output = usage.Count("output_tokens"u8);
        if (input is null && output is null)
        {
            return null;
        }

        return new TokenCounts
        {
            Input = input,
            CacheRead = inputDetails.Count("cached_tokens"u8),
            CacheWrite5m = inputDetails.Count("cache_write_tokens"u8),
            Output = output,
            Reasoning = outputDetails.Count("reasoning_tokens"u8),
        }.ToUsage() with
        {
            AudioInput = inputDetails.Count("audio_tokens"u8),
            AudioOutput = outputDetails.Count("audio_tokens"u8),
            WebSearches = WebSearches(response, usage),
            ServiceTier = ServiceTiers.First(usage.Text("service_tier"u8), response.Text("service_tier"u8)),
            ReportedCostNanoUsd = ReportedCost.Read(usage),
            ReportedJson = usage.GetRawText(),
            Final = true,
        };
    }

    private static long? WebSearches(JsonElement response, JsonElement usage)
    {
        var told = response.ObjectMember("tool_usage"u8)?.Member("web_search"u8).Count("num_requests"u8)
            ?? usage.Member("server_side_tool_usage_details"u8).Count("web_search_calls"u8);
        if (told is not null)
        {
            return told;
        }

        long searches = 0;
        foreach (var item in response.Items("output"u8))
        {
            searches += IsSearch(item) ? 1 : 0;
        }

        return searches == 0 ? null : searches;
    }

    // Pages that are opened, and words found in them, are not paid for.
    private static bool IsSearch(JsonElement item) =>
        item.Is("type"u8, "web_search_call"u8) && item.ObjectMember("action"u8).Text("type"u8) is null or "search";
}
