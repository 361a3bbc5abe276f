namespace Lethe.Proxy.Exec;

/// <summary>The base-URL variables that SDKs and agents read by themselves.</summary>
internal static class SdkVariables
{
    public const string VertexBaseUrl = "GOOGLE_VERTEX_BASE_URL";

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
        ("CODEX_OSS_BASE_URL", "ollama"),
    ];

    /// <summary>A value that one variable names holds for its twin, unless that has one of its own.</summary>
    private static readonly (string One, string Other)[] Twins = [("OPENAI_BASE_URL", "OPENAI_API_BASE"), ("KIMI_CODE_BASE_URL", "KIMI_BASE_URL")];

    /// <param name="agent">The agent whose variables count; null when any may.</param>
    public static void Apply(ExecDraft draft, KnownAgent? agent)
    {
        foreach (var (variable, upstream, path) in Always)
        {
            Point(draft, agent, variable, Found(draft.World, variable), upstream, path);
        }

        foreach (var (variable, upstream) in WhenSet.Where(entry => draft.World.Variable(entry.Variable) is not null))
        {
            Point(draft, agent, variable, draft.World.Address(variable), upstream, "");
        }

        if (VertexAddress(draft.World.Address) is { } vertex)
        {
            Point(draft, agent, VertexBaseUrl, vertex, "vertex", "");
        }

        KeepLoopbackDirect(draft, "NO_PROXY", "no_proxy");
        KeepLoopbackDirect(draft, "no_proxy", "NO_PROXY");
        draft.Environment[ExecEnvironment.DoorVariable] = BaseAddresses.Door;
    }

    /// <summary>Where Vertex AI is asked, as far as the variables name a place; null where they do not.</summary>
    public static FoundAddress? VertexAddress(Func<string, FoundAddress?> variable)
    {
        const string Switch = "GOOGLE_GENAI_USE_VERTEXAI";
        const string Place = "GOOGLE_CLOUD_LOCATION";
        return variable(VertexBaseUrl)
            ?? (variable(Switch) is { Value: "true" or "1" } used ? new FoundAddress(VertexHost(variable(Place)?.Value), (variable(Place) ?? used).Source) : null);
    }

    /// <summary>The regional host of Vertex AI; the global one for no region.</summary>
    public static string VertexHost(string? region) =>
        region is null or "global" ? "https://aiplatform.googleapis.com" : $"https://{region}-aiplatform.googleapis.com";

    /// <summary>An agent's own rule has the first word. What only its children read does not stand in its way: where a running lethe does not lead, it stays as it is.</summary>
    private static void Point(ExecDraft draft, KnownAgent? agent, string variable, FoundAddress? found, string upstream, string path)
    {
        if (draft.Environment.ContainsKey(variable))
        {
            return;
        }

        var isSpare = agent is not null && !agent.Reads.Contains(variable);
        if (isSpare && draft.World.IsRunning && !draft.Addresses.Reaches(upstream, found, path))
        {
            if (draft.World.Variable(variable) is not null)
            {
                draft.Notes.Add($"{variable} names {BaseAddresses.Shown(found?.Value ?? "")}, where the lethe that runs does not forward to: what uses it goes there directly and is not recorded");
            }

            return;
        }

        draft.Environment[variable] = draft.Addresses.Through(upstream, found, path, isSpare: agent is null || isSpare);
    }

    private static FoundAddress? Found(ExecEnvironment world, string variable)
    {
        var twin = Twins.Select(pair => pair.One == variable ? pair.Other : pair.Other == variable ? pair.One : null).FirstOrDefault(other => other is not null);
        return world.Address(variable) ?? (twin is null ? null : world.Address(twin));
    }

    // Programs differ in the spelling that they prefer: what one says must not be lost in the other.
    private static void KeepLoopbackDirect(ExecDraft draft, string variable, string twin)
    {
        var hosts = (draft.World.Variable(variable) ?? draft.World.Variable(twin) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        draft.Environment[variable] = string.Join(',', hosts.Union(OwnHosts.Split(','), StringComparer.OrdinalIgnoreCase));
    }
}
