using System.Text.Json;

namespace Lethe.Capture.Prices;

/// <summary>A seller of the price book: its models, and the sellers whose prices it charges for the rest.</summary>
internal sealed record PricedProvider(string Id, ModelMatch? Match, IReadOnlyList<string> Fallbacks, IReadOnlyList<PricedModel> Models)
{
    public static PricedProvider Parse(JsonElement json) => new(
        json.GetProperty("id").GetString()!,
        json.TryGetProperty("provider_match", out var match) ? ModelMatch.Parse(match) : null,
        json.TryGetProperty("fallback_model_providers", out var fallbacks) ? [.. fallbacks.EnumerateArray().Select(id => id.GetString()!)] : [],
        [.. json.GetProperty("models").EnumerateArray().Select(PricedModel.Parse)]);
}
