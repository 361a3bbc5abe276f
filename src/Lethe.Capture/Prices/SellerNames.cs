using System.Collections.Frozen;

namespace Lethe.Capture.Prices;

/// <summary>From our vendor words to the price book's sellers, where the words differ.</summary>
internal static class SellerNames
{
    private static readonly FrozenDictionary<string, string> Sellers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["openai-chatgpt"] = "openai",
        ["chatgpt"] = "openai",
        ["codex"] = "openai",
        ["azure-openai"] = "azure",
        ["azure-ai"] = "azure",
        ["gemini"] = "google",
        ["vertex"] = "google",
        ["bedrock"] = "aws",
        ["bedrock-mantle"] = "aws",
        ["copilot"] = "github-copilot",
        ["xai"] = "x-ai",
        ["moonshot"] = "moonshotai",
        ["kimi"] = "moonshotai",
        ["voyage"] = "voyageai",
        ["zhipu"] = "zhipuai",
        ["together-ai"] = "together",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Gateways that charge the vendor's own price and name the vendor before the model: <c>anthropic/claude-…</c>.</summary>
    private static readonly FrozenSet<string> PassThrough =
        new[] { "litellm", "portkey", "pydantic-gateway", "vercel-gateway" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static (string Seller, string Model) Resolve(string vendor, string model)
    {
        var slash = model.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && PassThrough.Contains(vendor))
        {
            (vendor, model) = (model[..slash], model[(slash + 1)..]);
        }

        // Hugging Face routes to others, each at its own price, and names whom behind the model: openai/gpt-oss-20b:groq.
        var colon = model.LastIndexOf(':');
        return vendor == "huggingface" && colon > 0 ? ($"huggingface_{model[(colon + 1)..]}", model[..colon]) : (Of(vendor), model);
    }

    public static string Of(string vendor) => Sellers.GetValueOrDefault(vendor, vendor);
}
