using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Caching;

/// <summary>The vendors' own words on a cache that was missed.</summary>
internal static class CacheDiagnoses
{
    private const int ReasonCharsMax = 64;

    /// <summary>Anthropic's <c>diagnostics</c>, or OpenAI's <c>prompt_cache_diagnostics</c>; null where the answer has none, or none yet.</summary>
    public static CacheDiagnosis? Read(JsonElement answer)
    {
        if ((answer.ObjectMember("diagnostics"u8) ?? answer.ObjectMember("prompt_cache_diagnostics"u8)) is not { } told)
        {
            return null;
        }

        var miss = told.ObjectMember("cache_miss_reason"u8) ?? told;
        var reason = miss.Word("type"u8) ?? miss.Word("reason"u8) ?? told.Word("cache_miss_reason"u8);
        return reason is { Length: <= ReasonCharsMax } && reason.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_')
            ? new CacheDiagnosis(reason, miss.Count("cache_missed_input_tokens"u8) ?? told.Count("cache_missed_input_tokens"u8))
            : null;
    }
}
