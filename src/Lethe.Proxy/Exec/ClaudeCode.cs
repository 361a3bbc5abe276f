using System.Text.Json;

namespace Lethe.Proxy.Exec;

/// <summary>Claude Code: the <c>env</c> block of its settings wins over the process environment, so it is both read and, by <c>--settings</c>, given.</summary>
internal static class ClaudeCode
{
    private const string BaseUrl = "ANTHROPIC_BASE_URL";
    private const string HintHeaders = "CLAUDE_CODE_GATEWAY_HINT_HEADERS";

    public static void Apply(ExecDraft draft)
    {
        var world = draft.World;
        var ofUser = UserSettings(draft);
        var settings = Effective(world, ofUser);
        var ours = new Dictionary<string, string>
        {
            [BaseUrl] = draft.Addresses.Through("anthropic", Of(BaseUrl), ""),
            [HintHeaders] = Of(HintHeaders) ?? "1",
        };
        if (IsOn(Of("CLAUDE_CODE_USE_VERTEX")))
        {
            const string Vertex = "ANTHROPIC_VERTEX_BASE_URL";
            ours[Vertex] = draft.Addresses.Through("vertex", Of(Vertex) ?? SdkVariables.VertexHost(Of("CLOUD_ML_REGION")) + "/v1", "/v1");
        }

        if (IsOn(Of("CLAUDE_CODE_USE_BEDROCK")))
        {
            UseBedrock(draft, Of("ANTHROPIC_BEDROCK_BASE_URL"), ours);
        }

        foreach (var (name, value) in ours)
        {
            draft.Environment[name] = value;
        }

        draft.Environment["CLAUDECODE"] = null;
        draft.Environment["CLAUDE_CODE_SSE_PORT"] = null;
        if (ofUser is null)
        {
            draft.Arguments.InsertRange(0, ["--settings", JsonSerializer.Serialize(new { env = ours })]);
        }
        else if (settings.TryGetValue(BaseUrl, out var elsewhere) && !draft.Addresses.IsOurs(elsewhere))
        {
            draft.Notes.Add($"claude's settings name {BaseUrl}, and --settings is yours: its calls go there directly and are not recorded");
        }

        string? Of(string name) => settings.TryGetValue(name, out var value) && value.Length > 0 ? value : world.Variable(name);
    }

    private static void UseBedrock(ExecDraft draft, string? found, Dictionary<string, string> ours)
    {
        // SigV4 signs the host: a native endpoint cannot be stood in for.
        if (found is null || (Uri.TryCreate(found, UriKind.Absolute, out var address) && address.Host.EndsWith(".amazonaws.com", StringComparison.OrdinalIgnoreCase)))
        {
            draft.Notes.Add("Amazon Bedrock signs the host of each call: calls to its own endpoint go there directly and are not recorded");
        }
        else
        {
            ours["ANTHROPIC_BEDROCK_BASE_URL"] = draft.Addresses.Through("bedrock", found, "");
        }
    }

    private static bool IsOn(string? flag) => flag is "1" or "true" or "yes" or "on";

    /// <summary>What the user gave to <c>--settings</c>: JSON, or the file's text; null when not given.</summary>
    private static string? UserSettings(ExecDraft draft)
    {
        var given = CommandOptions.Values(draft.Arguments, "--settings").LastOrDefault();
        return given is null ? null
            : given.TrimStart().StartsWith('{') ? given
            : draft.World.ReadFile(Path.Combine(draft.World.WorkingDirectory, given)) ?? "";
    }

    /// <summary>The merged <c>env</c> blocks: user, project, local, then <c>--settings</c>.</summary>
    private static Dictionary<string, string> Effective(ExecEnvironment world, string? ofUser)
    {
        var home = world.Variable("CLAUDE_CONFIG_DIR") ?? Path.Combine(world.Home, ".claude");
        var project = Path.Combine(world.WorkingDirectory, ".claude");
        Dictionary<string, string> merged = [];
        foreach (var text in new[]
        {
            world.ReadFile(Path.Combine(home, "settings.json")),
            world.ReadFile(Path.Combine(project, "settings.json")),
            world.ReadFile(Path.Combine(project, "settings.local.json")),
            ofUser,
        })
        {
            foreach (var (name, value) in JsonConfig.Strings(text, "env"))
            {
                merged[name] = value;
            }
        }

        return merged;
    }
}
