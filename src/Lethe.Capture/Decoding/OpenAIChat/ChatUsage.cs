using System.Text.Json;
using Lethe.Capture.Decoding.Counts;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIChat;

/// <summary>
/// Token counts of the Chat Completions API and of the servers that imitate it. The prompt includes cached and written tokens,
/// the completion includes reasoning; the arithmetic of <c>total_tokens</c> tells the vendors where it does not.
/// </summary>
internal static class ChatUsage
{
    /// <summary>The usage of a document; null when there is none.</summary>
    public static Usage? Find(JsonElement document, string vendor, string? tier, bool final) =>
        Of(document) is { } told ? Read(told, vendor, tier, final) : null;

    /// <summary>The usage object of a document or chunk: its own, Groq's under <c>x_groq</c>, or Moonshot's in a choice.</summary>
    public static JsonElement? Of(JsonElement document)
    {
        if ((document.ObjectMember("usage"u8) ?? document.ObjectMember("x_groq"u8)?.ObjectMember("usage"u8)) is { } told)
        {
            return told;
        }

        foreach (var choice in document.Items("choices"u8))
        {
            if ((choice.ObjectMember("usage"u8) ?? choice.ObjectMember("delta"u8)?.ObjectMember("usage"u8) ?? choice.ObjectMember("message"u8)?.ObjectMember("usage"u8)) is { } inside)
            {
                return inside;
            }
        }

        return null;
    }

    public static Usage? Read(JsonElement usage, string vendor, string? tier, bool final)
    {
        var inputDetails = usage.ObjectMember("prompt_tokens_details"u8) ?? usage.ObjectMember("input_tokens_details"u8);
        var outputDetails = usage.ObjectMember("completion_tokens_details"u8) ?? usage.ObjectMember("output_tokens_details"u8);
        var completion = usage.Count("completion_tokens"u8) ?? usage.Count("output_tokens"u8);
        var total = usage.Count("total_tokens"u8);
        var reasoning = outputDetails.Count("reasoning_tokens"u8) ?? usage.Count("reasoning_tokens"u8);
        var audio = inputDetails.Count("audio_tokens"u8);
        var prompt = usage.Count("prompt_tokens"u8) ?? usage.Count("input_tokens"u8) ?? (completion is null ? total : null);
        if (prompt is null && completion is null)
        {
            return null;
        }

        prompt += AudioOutsidePrompt(prompt, completion, audio, total);
        var hidden = ReasoningOutsideCompletion(prompt, completion, reasoning, total, vendor);
        var writes = ReadWrites(usage, inputDetails);
        return new TokenCounts
        {
            Input = prompt,
            CacheRead = CacheRead(usage, inputDetails),
            CacheWrite5m = writes.FiveMinutes,
            CacheWrite1h = writes.OneHour,
            Output = hidden > 0 ? (completion ?? 0) + hidden : completion,
            Reasoning = reasoning ?? (hidden > 0 && completion is not null ? hidden : null),
        }.ToUsage() with
        {
            AudioInput = audio,
            AudioOutput = outputDetails.Count("audio_tokens"u8),
            WebSearches = usage.Member("server_tool_use_details"u8).Count("web_search_requests"u8) ?? usage.Member("server_tool_use"u8).Count("web_search_requests"u8),
            ServiceTier = ServiceTiers.First(usage.Text("service_tier"u8), tier),
            ReportedCostNanoUsd = ReportedCost.Read(usage),
            ReportedJson = usage.GetRawText(),
            Final = final,
        };
    }

    private static long? CacheRead(JsonElement usage, JsonElement? details) =>
        details.Count("cached_tokens"u8)
        ?? usage.Count("cached_tokens"u8)
        ?? usage.Count("num_cached_tokens"u8)
        ?? usage.Count("prompt_cache_hit_tokens"u8)
        ?? usage.Count("cache_read_input_tokens"u8);

    private static (long? FiveMinutes, long? OneHour) ReadWrites(JsonElement usage, JsonElement? details)
    {
        var oneHour = usage.ObjectMember("cache_creation"u8).Count("ephemeral_1h_input_tokens"u8);
        var total = details.Count("cache_write_tokens"u8) ?? usage.Count("cache_creation_input_tokens"u8);
        return (total is { } all ? Math.Max(0, all - (oneHour ?? 0)) : null, oneHour);
    }

    /// <summary>Mistral counts audio beside the prompt, and the total shows it.</summary>
    private static long AudioOutsidePrompt(long? prompt, long? completion, long? audio, long? total) =>
        audio > 0 && total == prompt + (completion ?? 0) + audio ? audio.Value : 0;

    /// <summary>xAI counts reasoning beside the completion; Google's imitation leaves it out of both, and only the total shows it.</summary>
    private static long ReasoningOutsideCompletion(long? prompt, long? completion, long? reasoning, long? total, string vendor)
    {
        if (reasoning > 0 && (total == prompt + completion + reasoning || (vendor == "xai" && total is null)))
        {
            return reasoning.Value;
        }

        return vendor is "gemini" or "vertex" && total - prompt - (completion ?? 0) is > 0 and var rest ? rest : 0;
    }
}
