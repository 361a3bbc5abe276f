namespace Lethe.Proxy.Configuration;

/// <summary>
/// A model API that lethe knows by itself. <paramref name="Address"/> is null where only the user can know it (a resource, a region).
/// <paramref name="BarePaths"/> are route patterns that tell the vendor without a prefix.
/// </summary>
internal sealed record Vendor(string Name, string? Address, string Provider, params string[] BarePaths)
{
    /// <summary>How the paths of model calls end, where a client's other calls go to the same place: the bodies of those are not kept. Empty keeps all.</summary>
    public IReadOnlyList<string> ModelPaths { get; init; } = [];

    public static Vendor? Find(string name) => All.FirstOrDefault(vendor => vendor.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Every built-in upstream. A prefix stands for the origin: the vendor's own path follows it.</summary>
    public static readonly IReadOnlyList<Vendor> All =
    [
        new("anthropic", "https://api.anthropic.com", "anthropic", "/v1/messages/{**rest}", "/v1/complete", "/v1/organizations/{**rest}", "/api/hello"),
        new("openai", "https://api.openai.com", "openai", OpenAiPaths),
        new("chatgpt", "https://chatgpt.com/backend-api/codex", "openai-chatgpt"),
        new("gemini", "https://generativelanguage.googleapis.com", "gemini", GeminiPaths),
        new("code-assist", "https://cloudcode-pa.googleapis.com", "gemini", "/v1internal:{verb}"),
        new("antigravity", "https://daily-cloudcode-pa.googleapis.com", "gemini"),
        new("vertex", "https://aiplatform.googleapis.com", "vertex", "/v1/projects/{**rest}", "/v1beta1/{**rest}", "/v1/publishers/{**rest}"),
        new("azure", null, "azure-openai", "/openai/deployments/{**rest}"),
        new("azure-ai", null, "azure-ai"),
        new("bedrock", null, "bedrock", "/model/{**rest}"),
        new("ollama", "http://127.0.0.1:11434", "ollama", OllamaPaths),
        new("openrouter", "https://openrouter.ai", "openrouter", "/api/v1/{**rest}"),
        new("mistral", "https://api.mistral.ai", "mistral", "/v1/fim/{**rest}", "/v1/ocr"),
        new("groq", "https://api.groq.com", "groq"),
        new("deepseek", "https://api.deepseek.com", "deepseek"),
        new("xai", "https://api.x.ai", "xai"),
        new("grok", "https://cli-chat-proxy.grok.com", "xai") { ModelPaths = ["/responses", "/chat/completions", "/messages"] },
        new("cohere", "https://api.cohere.com", "cohere", "/v2/chat", "/v2/embed", "/v2/rerank", "/v1/chat", "/v1/rerank"),
        new("together", "https://api.together.xyz", "together"),
        new("fireworks", "https://api.fireworks.ai", "fireworks"),
        new("moonshot", "https://api.moonshot.ai", "moonshot"),
        new("kimi", "https://api.kimi.com", "moonshot"),
        new("zai", "https://api.z.ai", "zai"),
        new("perplexity", "https://api.perplexity.ai", "perplexity"),
        new("cerebras", "https://api.cerebras.ai", "cerebras"),
        new("huggingface", "https://router.huggingface.co", "huggingface"),
        new("vercel", "https://ai-gateway.vercel.sh", "vercel-gateway"),
        new("venice", "https://api.venice.ai", "venice"),
        new("voyage", "https://api.voyageai.com", "voyage"),
        new("copilot", "https://api.githubcopilot.com", "copilot"),
        new("codebuddy", "https://copilot.tencent.com", "codebuddy"),
    ];

    private static string[] OpenAiPaths =>
    [
        "/v1/chat/{**rest}", "/v1/responses/{**rest}", "/v1/completions", "/v1/embeddings", "/v1/models/{**rest}", "/v1/files/{**rest}",
        "/v1/batches/{**rest}", "/v1/images/{**rest}", "/v1/audio/{**rest}", "/v1/moderations", "/v1/conversations/{**rest}",
        "/v1/realtime/{**rest}", "/v1/uploads/{**rest}", "/v1/vector_stores/{**rest}", "/v1/assistants/{**rest}", "/v1/threads/{**rest}",
        "/v1/fine_tuning/{**rest}", "/v1/evals/{**rest}", "/v1/videos/{**rest}", "/v1/containers/{**rest}",
    ];

    private static string[] GeminiPaths => ["/v1beta/{**rest}", "/v1alpha/{**rest}", "/upload/v1beta/{**rest}", "/v1/models/{model}:{verb}", "/ws/google.ai.generativelanguage.{call}"];

    private static string[] OllamaPaths =>
    [
        "/api/chat", "/api/generate", "/api/embed", "/api/embeddings", "/api/tags", "/api/show", "/api/ps", "/api/version",
        "/api/pull", "/api/push", "/api/create", "/api/copy", "/api/delete", "/api/blobs/{digest}",
    ];
}
