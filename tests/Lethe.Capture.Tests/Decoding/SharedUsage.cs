using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>The token fields that the other decoder kept as the vendor sent them, beside ours.</summary>
internal static class SharedUsage
{
    public static IEnumerable<(string Field, long? Expected, long? Actual)> Compare(JsonElement expect, Usage? usage)
    {
        if (!expect.TryGetProperty("usage", out var told) || told.GetPropertyCount() == 0)
        {
            yield return ("usage", null, usage?.InputTotal);
            yield break;
        }

        if (told.TryGetProperty("prompt_tokens", out _) || told.TryGetProperty("completion_tokens", out _))
        {
            var (prompt, completion) = WithWhatTheTotalHas(told);
            var cached = Count(told, "prompt_tokens_details", "cached_tokens") ?? Count(told, "cached_tokens") ?? Count(told, "prompt_cache_hit_tokens") ?? Count(told, "cache_read_input_tokens");
            var reasoning = Count(told, "completion_tokens_details", "reasoning_tokens") ?? Count(told, "reasoning_tokens");
            yield return ("prompt_tokens", prompt, usage?.InputTotal);
            yield return ("completion_tokens", completion, usage?.Output);
            yield return ("cached_tokens", cached > prompt ? prompt : cached, usage?.CacheRead);
            yield return ("cache_write_tokens", Count(told, "prompt_tokens_details", "cache_write_tokens") ?? Count(told, "cache_creation_input_tokens"), usage?.CacheWrite5m);
            yield return ("reasoning_tokens", reasoning > completion ? completion : reasoning, usage?.Reasoning);
        }
        else if (told.TryGetProperty("inputTokens", out _))
        {
            yield return ("inputTokens", Count(told, "inputTokens"), usage?.Input);
            yield return ("outputTokens", Count(told, "outputTokens"), usage?.Output);
            yield return ("cacheReadInputTokens", Count(told, "cacheReadInputTokens") ?? Count(told, "cacheReadInputTokenCount"), usage?.CacheRead);
            yield return ("cacheWriteInputTokens", Count(told, "cacheWriteInputTokens") ?? Count(told, "cacheWriteInputTokenCount"), usage?.CacheWrite);
        }
        else if (told.EnumerateObject().Any(member => member.Name.EndsWith("TokenCount", StringComparison.Ordinal)))
        {
            yield return ("promptTokenCount", Plus(Count(told, "promptTokenCount"), Count(told, "toolUsePromptTokenCount")), usage?.InputTotal);
            yield return ("candidatesTokenCount", Plus(Count(told, "candidatesTokenCount"), Count(told, "thoughtsTokenCount")), usage?.Output);
            yield return ("cachedContentTokenCount", Count(told, "cachedContentTokenCount"), usage?.CacheRead);
            yield return ("thoughtsTokenCount", Count(told, "thoughtsTokenCount"), usage?.Reasoning);
        }
        else if (told.TryGetProperty("prompt_eval_count", out _) || told.TryGetProperty("eval_count", out _))
        {
            yield return ("prompt_eval_count", Count(told, "prompt_eval_count"), usage?.Input);
            yield return ("eval_count", Count(told, "eval_count"), usage?.Output);
        }
        else if (told.TryGetProperty("billed_units", out _))
        {
            yield return ("billed_input_tokens", Count(told, "billed_units", "input_tokens"), usage?.Input);
            yield return ("billed_output_tokens", Count(told, "billed_units", "output_tokens"), usage?.Output);
            yield return ("reasoning_tokens", Count(told, "tokens", "reasoning_tokens"), usage?.Reasoning);
        }
        else if (told.TryGetProperty("total_input_tokens", out _))
        {
            yield return ("total_input_tokens", Plus(Count(told, "total_input_tokens"), Count(told, "total_tool_use_tokens")), usage?.InputTotal);
            yield return ("total_output_tokens", Plus(Count(told, "total_output_tokens"), Count(told, "total_thought_tokens")), usage?.Output);
            yield return ("total_cached_tokens", Count(told, "total_cached_tokens"), usage?.CacheRead);
            yield return ("total_thought_tokens", Count(told, "total_thought_tokens"), usage?.Reasoning);
        }
        else if (told.TryGetProperty("total_tokens", out _) && !told.TryGetProperty("input_tokens", out _))
        {
            yield return ("total_tokens", Count(told, "total_tokens"), usage?.InputTotal);
        }
        else if (told.TryGetProperty("input_tokens_details", out _))
        {
            yield return ("input_tokens", Count(told, "input_tokens"), usage?.InputTotal);
            yield return ("output_tokens", Count(told, "output_tokens"), usage?.Output);
            yield return ("cached_tokens", Count(told, "input_tokens_details", "cached_tokens"), usage?.CacheRead);
            yield return ("cache_write_tokens", Count(told, "input_tokens_details", "cache_write_tokens"), usage?.CacheWrite5m);
            yield return ("reasoning_tokens", Count(told, "output_tokens_details", "reasoning_tokens"), usage?.Reasoning);
        }
        else
        {
            yield return ("input_tokens", Count(told, "input_tokens"), usage?.Input);
            yield return ("output_tokens", Count(told, "output_tokens"), usage?.Output);
            yield return ("cache_read_input_tokens", Count(told, "cache_read_input_tokens"), usage?.CacheRead);
            yield return ("cache_creation_input_tokens", Count(told, "cache_creation_input_tokens"), usage?.CacheWrite);
            yield return ("ephemeral_1h_input_tokens", Count(told, "cache_creation", "ephemeral_1h_input_tokens"), usage?.CacheWrite1h);
            yield return ("thinking_tokens", Count(told, "output_tokens_details", "thinking_tokens"), usage?.Reasoning);
            yield return ("web_search_requests", Count(told, "server_tool_use", "web_search_requests"), usage?.WebSearches);
        }
    }

    private static long? Plus(long? one, long? other) => one is null && other is null ? null : (one ?? 0) + (other ?? 0);

    /// <summary>Audio and reasoning can lie outside the two counts that should have them (Mistral; xAI, Gemini's imitation of the API): the total tells.</summary>
    private static (long? Prompt, long? Completion) WithWhatTheTotalHas(JsonElement told)
    {
        var (prompt, completion) = (Count(told, "prompt_tokens"), Count(told, "completion_tokens"));
        var outside = Count(told, "total_tokens") - prompt - completion;
        return outside is not > 0 ? (prompt, completion)
            : outside == Count(told, "prompt_tokens_details", "audio_tokens") ? (prompt + outside, completion)
            : (prompt, completion + outside);
    }

    private static long? Count(JsonElement told, params string[] path)
    {
        foreach (var name in path)
        {
            if (told.ValueKind != JsonValueKind.Object || !told.TryGetProperty(name, out told))
            {
                return null;
            }
        }

        return told.ValueKind == JsonValueKind.Number ? told.GetInt64() : null;
    }
}
