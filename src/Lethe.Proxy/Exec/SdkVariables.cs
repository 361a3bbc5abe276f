namespace Lethe.Proxy.Exec;

/// <summary>The base-URL variables that SDKs and agents read by themselves.</summary>
internal static class SdkVariables
{
    private const string OwnHosts = "127.0.0.1,localhost,::1";

    /// <summary>Set for every command: variable, upstream, and the path that the variable's value ends in.</summary>
    private static readonly (string Variable, string Upstream, string Path)[] Always =
    [
        ("ANTHROPIC_BASE_URL", "anthropic", ""),
        ("OPENAI_BASE_URL", "openai", "/v1"),
        ("OPENAI_API_BASE", "openai", "/v1"),
        ("GOOGLE_GEMINI_BASE_URL", "gemini", ""),
        ("OLLAMA_HOST", "ollama", ""),
        ("OPENROUTER_BASE_URL", "openrouter", "/api/v1"),
        ("GROQ_BASE_URL", "groq", ""),
        ("DEEPSEEK_BASE_URL", "deepseek", ""),
        ("GROK_CLI_CHAT_PROXY_BASE_URL", "grok", "/v1"),
        ("KIMI_BASE_URL", "kimi", "/coding/v1"),
        ("KIMI_CODE_BASE_URL", "kimi", "/coding/v1"),
    ];

    /// <summary>Only where the user has set them: nobody else knows the resource or the region.</summary>
    private static readonly (string Variable, string Upstream)[] WhenSet =
    [
        ("KIMI_MODEL_BASE_URL", "kimi"),
        ("AZURE_OPENAI_ENDPOINT", "azure"),
        ("GOOGLE_VERTEX_BASE_URL", "vertex"),
        ("CODEX_OSS_BASE_URL", "ollama"),
    ];

    public static void Apply(ExecDraft draft)
    {
        foreach (var (variable, upstream, path) in Always)
        {
            draft.Set(variable, upstream, path);
        }

        foreach (var (variable, upstream) in WhenSet)
        {
            if (draft.World.Variable(variable) is not null)
            {
                draft.Set(variable, upstream, "");
            }
        }

        // A value that one variable names holds for its twin, unless that has one of its own.
        Pair(draft, "OPENAI_BASE_URL", "OPENAI_API_BASE");
        Pair(draft, "KIMI_CODE_BASE_URL", "KIMI_BASE_URL");
        UseVertex(draft);
        KeepLoopbackDirect(draft, "NO_PROXY", "no_proxy");
        KeepLoopbackDirect(draft, "no_proxy", "NO_PROXY");
        draft.Environment[Surroundings.DoorVariable] = BaseAddresses.Door;
    }

    private static void Pair(ExecDraft draft, string one, string other)
    {
        var (first, second) = (draft.World.Variable(one), draft.World.Variable(other));
        if (first is null != second is null)
        {
            var set = first is null ? other : one;
            draft.Environment[first is null ? one : other] = draft.Environment[set];
        }
    }

    private static void UseVertex(ExecDraft draft)
    {
        if (draft.World.Variable("GOOGLE_GENAI_USE_VERTEXAI") is "true" or "1" && draft.World.Variable("GOOGLE_VERTEX_BASE_URL") is null)
        {
            draft.Environment["GOOGLE_VERTEX_BASE_URL"] = draft.Addresses.Through("vertex", VertexHost(draft.World.Variable("GOOGLE_CLOUD_LOCATION")), "");
        }
    }

    /// <summary>The regional host of Vertex AI; the global one for no region.</summary>
    public static string VertexHost(string? region) =>
        region is null or "global" ? "https://aiplatform.googleapis.com" : $"https://{region}-aiplatform.googleapis.com";

    // Programs differ in the spelling that they prefer: what one says must not be lost in the other.
    private static void KeepLoopbackDirect(ExecDraft draft, string variable, string twin)
    {
        var hosts = (draft.World.Variable(variable) ?? draft.World.Variable(twin) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        draft.Environment[variable] = string.Join(',', hosts.Union(OwnHosts.Split(','), StringComparer.OrdinalIgnoreCase));
    }
}
