using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Lethe.Capture.Prices;

/// <summary>Finds the model that a vendor's word and a model's name mean. Remembers what it found.</summary>
internal sealed partial class ModelCatalogue(IReadOnlyList<PricedProvider> providers)
{
    // Names come from the wire: neither their length nor their number may cost us.
    private const int ModelNameLengthMax = 512;
    private const int RememberedMax = 4096;

    private readonly ConcurrentDictionary<(string Vendor, string Model), (string Seller, PricedModel Model)?> remembered = new();

    /// <summary>The model, and who sells it under that vendor's word; null when the book does not hold it.</summary>
    public (string Seller, PricedModel Model)? Find(string vendor, string model)
    {
        if (model.Length > ModelNameLengthMax)
        {
            return null;
        }

        if (remembered.TryGetValue((vendor, model), out var known))
        {
            return known;
        }

        var found = Search(vendor, model);
        if (remembered.Count < RememberedMax)
        {
            remembered.TryAdd((vendor, model), found);
        }

        return found;
    }

    private (string Seller, PricedModel Model)? Search(string vendor, string model)
    {
        var (seller, name) = SellerNames.Resolve(vendor.ToLowerInvariant().Trim(), model.ToLowerInvariant().Trim());
        var provider = providers.FirstOrDefault(provider => provider.Id == seller)
            ?? providers.FirstOrDefault(provider => provider.Match is { } match && match.Accepts(seller));
        if (provider is null)
        {
            return null;
        }

        var dashed = WithDashedDate(name);
        return (Sold(provider, name) ?? (dashed == name ? null : Sold(provider, dashed))) is { } found ? (provider.Id, found) : null;
    }

    private PricedModel? Sold(PricedProvider provider, string name) =>
        provider.Models.FirstOrDefault(model => model.Accepts(name))
            ?? provider.Fallbacks
                .Select(id => providers.FirstOrDefault(other => other.Id == id)?.Models.FirstOrDefault(model => model.Accepts(name)))
                .FirstOrDefault(model => model is not null);

    /// <summary><c>gpt-5-20250807</c> as <c>gpt-5-2025-08-07</c>: the book writes dates either way.</summary>
    private static string WithDashedDate(string name) => CompactDate().Replace(name, match =>
        DateOnly.TryParseExact(match.ValueSpan[1..], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date.ToString("-yyyy-MM-dd", CultureInfo.InvariantCulture)
            : match.Value);

    [GeneratedRegex("-20[0-9]{6}(?=-|:|$)")]
    private static partial Regex CompactDate();
}
