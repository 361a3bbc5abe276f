namespace Lethe.Proxy.Exec;

/// <summary>An agent of which is known how it finds its base URL.</summary>
/// <param name="Reads">The SDKs' variables that it reads itself; all others are for the programs that it starts.</param>
/// <param name="Point">What it takes beside those variables; null for nothing.</param>
internal sealed record KnownAgent(string[] Reads, Action<ExecDraft>? Point)
{
    private static readonly Dictionary<string, KnownAgent> All = new()
    {
        ["claude"] = new([], ClaudeCode.Apply),
        ["codex"] = new([], Codex.Apply),
        ["opencode"] = new([], draft => OpenCode.Apply(draft, "OPENCODE")),
        ["mimo"] = new([], draft =>
        {
            OpenCode.Apply(draft, "MIMOCODE");
            draft.Environment["MIMOCODE_MIMO_ONLY"] = "false";
        }),
        ["gemini"] = new([], GeminiCli.Apply),
        ["grok"] = new(["GROK_CLI_CHAT_PROXY_BASE_URL"], null),
        ["dsh"] = new([], DeepSeekHarness.Apply),
        ["kimi"] = new(["KIMI_BASE_URL", "KIMI_CODE_BASE_URL", "KIMI_MODEL_BASE_URL"], Kimi.Apply),
        ["agy"] = new([], draft => draft.Set("CLOUD_CODE_URL", "antigravity", "")),
        ["codebuddy"] = new([], CodeBuddy.Apply),
        ["cbc"] = new([], CodeBuddy.Apply),
    };

    /// <summary>The agent that a command is by its name; null for a program that may read anything.</summary>
    public static KnownAgent? Find(string program) => All.GetValueOrDefault(Path.GetFileNameWithoutExtension(program));
}
