using Lethe.Ingest.Reading;
using Lethe.Proxy.Page.Captured;

namespace Lethe.Proxy.Page.Session;

/// <summary>What became of the vendor's prompt cache in a call, in words.</summary>
internal static class CacheWords
{
    /// <summary>True where tokens were paid again that the call before had left in the cache.</summary>
    public static bool IsMissed(ExchangeRecord call) => call.Cache is { LostTokens: > 0 };

    public static string Heading(CacheRecord cache) => cache.Verdict switch
    {
        "expired" => "Cache expired",
        "rebuilt" => "Cache rebuilt",
        _ => "Cache missed",
    };

    /// <summary>The reason in a few words, as a sentence goes on.</summary>
    public static string Reason(CacheRecord cache) => cache.Reason switch
    {
        "model_changed" => "another model",
        "expired" => "it was not used in time",
        "tools_changed" => "the tools changed",
        "system_changed" => "the system prompt changed",
        "compacted" => "the conversation was compacted",
        "history_changed" => "an earlier message changed",
        "history_shrank" => "earlier messages were left out",
        "parameters_changed" => "a parameter changed",
        "marks_moved" => "the marks moved too far",
        "not_marked" => "nothing was marked to be kept",
        "too_short" => "too short to be kept",
        null or "unknown" => "why is not known",
        var vendors => vendors,
    };

    /// <summary>What was lost, and its price.</summary>
    public static string Price(CacheRecord cache) =>
        $"{Figure.Exact(cache.LostTokens)} tokens that were in the cache were paid again"
        + (cache.CostNanoUsd is > 0 and var cost ? $", {Figure.Money(cost)} more than reading them" : cache.CostNanoUsd is null ? "; the price is not known" : "");

    /// <summary>Where the prompts part, as a person would say it; null where they do not.</summary>
    public static string? Difference(CacheRecord cache) => cache.FirstDifference is { } at ? $"First difference: {at}." : null;
}
