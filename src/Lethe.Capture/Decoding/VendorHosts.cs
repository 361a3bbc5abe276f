namespace Lethe.Capture.Decoding;

/// <summary>Names the vendor behind a host: by its domain, or by the port that a local server is known for.</summary>
internal static class VendorHosts
{
    private static readonly (string Domain, string Vendor)[] Domains =
    [
        ("anthropic.com", "anthropic"), ("openai.azure.com", "azure-openai"), ("cognitiveservices.azure.com", "azure-openai"),
        ("services.ai.azure.com", "azure-ai"), ("inference.ai.azure.com", "azure-ai"), ("models.github.ai", "github-models"),
        ("openai.com", "openai"), ("chatgpt.com", "openai-chatgpt"), ("generativelanguage.googleapis.com", "gemini"),
        ("aiplatform.googleapis.com", "vertex"), ("openrouter.ai", "openrouter"), ("mistral.ai", "mistral"), ("groq.com", "groq"),
        ("deepseek.com", "deepseek"), ("x.ai", "xai"), ("cohere.com", "cohere"), ("cohere.ai", "cohere"), ("perplexity.ai", "perplexity"),
        ("moonshot.ai", "moonshot"), ("moonshot.cn", "moonshot"), ("z.ai", "zai"), ("bigmodel.cn", "zai"), ("together.ai", "together"),
        ("together.xyz", "together"), ("fireworks.ai", "fireworks"), ("huggingface.co", "huggingface"), ("cerebras.ai", "cerebras"),
        ("venice.ai", "venice"), ("databricks.com", "databricks"), ("azuredatabricks.net", "databricks"),
        ("snowflakecomputing.com", "snowflake"), ("githubcopilot.com", "copilot"), ("ai-gateway.vercel.sh", "vercel-gateway"),
        ("ollama.com", "ollama"), ("crusoecloud.com", "crusoe"), ("avian.io", "avian"), ("portkey.ai", "portkey"), ("voyageai.com", "voyage"),
        ("writer.com", "writer"), ("doubleword.ai", "doubleword"), ("nvidia.com", "nvidia"), ("sambanova.ai", "sambanova"),
        ("aliyuncs.com", "alibaba"), ("deepinfra.com", "deepinfra"), ("cloudflare.com", "cloudflare"), ("pydantic.dev", "pydantic-gateway"),
        ("minimax.io", "minimax"), ("baseten.co", "baseten"), ("opencode.ai", "opencode"), ("kilo.ai", "kilo"),
    ];

    private static readonly (string Port, string Vendor)[] LocalPorts = [(":11434", "ollama"), (":1234", "lm-studio")];

    /// <summary>Null when nobody is known by that name.</summary>
    public static string? Find(string? authority)
    {
        if (string.IsNullOrEmpty(authority))
        {
            return null;
        }

        foreach (var (port, vendor) in LocalPorts)
        {
            if (authority.EndsWith(port, StringComparison.Ordinal))
            {
                return vendor;
            }
        }

        var colon = authority.LastIndexOf(':');
        var host = colon < 0 ? authority : authority[..colon];
        foreach (var (domain, vendor) in Domains)
        {
            if (IsUnder(host, domain))
            {
                return vendor;
            }
        }

        return Regional(host);
    }

    private static string? Regional(string host) =>
        host.StartsWith("bedrock-runtime", StringComparison.OrdinalIgnoreCase) ? "bedrock"
        : host.StartsWith("bedrock-mantle", StringComparison.OrdinalIgnoreCase) ? "bedrock-mantle"
        : host.EndsWith("-aiplatform.googleapis.com", StringComparison.OrdinalIgnoreCase) ? "vertex"
        : null;

    private static bool IsUnder(string host, string domain) =>
        host.EndsWith(domain, StringComparison.OrdinalIgnoreCase) && (host.Length == domain.Length || host[^(domain.Length + 1)] == '.');
}
