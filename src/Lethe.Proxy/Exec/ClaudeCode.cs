using System.Text.Json;

namespace Lethe.Proxy.Exec;

/// <summary>Claude Code: the <c>env</c> block of its settings wins over the process environment, so it is both read and, by <c>--settings</c>, given.</summary>
internal static class ClaudeCode
{
    private const string BaseUrl = "ANTHROPIC_BASE_URL";
    private const string VertexUrl = "ANTHROPIC_VERTEX_BASE_URL";
    private const string BedrockUrl = "ANTHROPIC_BEDROCK_BASE_URL";
    private const string HintHeaders = "CLAUDE_CODE_GATEWAY_HINT_HEADERS";
    private const string Organisations = "/etc/claude-code/managed-settings.json";

    /// <summary>What it switches off for an address that is not Anthropic's own, and on again by these (https://code.claude.com/docs/en/env-vars).</summary>
    private static readonly (string Variable, string Value)[] SwitchedOff =
    [
        ("ENABLE_TOOL_SEARCH", "true"),
        ("CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING", "1"),
        ("CLAUDE_CODE_PROPAGATE_TRACEPARENT", "1"),
    ];

    public static void Apply(ExecDraft draft)
    {
        var world = draft.World;
        var ofUser = UserSettings(draft);
        var settings = Effective(draft, ofUser);
        var found = Of(BaseUrl);
        var ours = new Dictionary<string, string>
        {
            [BaseUrl] = draft.Addresses.Through("anthropic", found, ""),
            [HintHeaders] = Of(HintHeaders)?.Value ?? "1",
        };
        var onVertex = IsOn(Of("CLAUDE_CODE_USE_VERTEX"));
        var onBedrock = IsOn(Of("CLAUDE_CODE_USE_BEDROCK"));
        if (onVertex)
        {
            var region = Of("CLOUD_ML_REGION");
            ours[VertexUrl] = draft.Addresses.Through("vertex", Of(VertexUrl) ?? new FoundAddress(SdkVariables.VertexHost(region?.Value) + "/v1", region?.Source ?? "its usual address"), "/v1");
        }

        if (onBedrock)
        {
            UseBedrock(draft, Of(BedrockUrl), ours);
        }

        // Behind a gateway of the user's own, and on a cloud, they are off without lethe too, and the other end may not know them.
        if (!onVertex && !onBedrock && (found is null || draft.Addresses.IsOurs(found.Value) || IsAnthropics(found.Value)))
        {
            foreach (var (variable, value) in SwitchedOff)
            {
                ours[variable] = Of(variable)?.Value ?? value;
            }
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
        else if (settings.TryGetValue(BaseUrl, out var elsewhere) && !draft.Addresses.IsOurs(elsewhere.Value))
        {
            draft.Notes.Add($"claude's settings name {BaseUrl}, and --settings is yours: its calls go there directly and are not recorded");
        }

        FoundAddress? Of(string name) => settings.TryGetValue(name, out var value) && value.Value.Length > 0 ? value : world.Address(name);
    }

    private static void UseBedrock(ExecDraft draft, FoundAddress? found, Dictionary<string, string> ours)
    {
        // SigV4 signs the host: a native endpoint cannot be stood in for.
        if (found is null || HostOf(found.Value).EndsWith(".amazonaws.com", StringComparison.OrdinalIgnoreCase))
        {
            draft.Notes.Add("Amazon Bedrock signs the host of each call: calls to its own endpoint go there directly and are not recorded");
        }
        else
        {
            ours[BedrockUrl] = draft.Addresses.Through("bedrock", found, "");
        }
    }

    private static bool IsOn(FoundAddress? flag) => flag?.Value is "1" or "true" or "yes" or "on";

    private static bool IsAnthropics(string address) => HostOf(address) is var host && (host == "anthropic.com" || host.EndsWith(".anthropic.com", StringComparison.OrdinalIgnoreCase));

    private static string HostOf(string address) => Uri.TryCreate(address, UriKind.Absolute, out var parsed) ? parsed.Host : "";

    /// <summary>What the user gave to <c>--settings</c>: JSON, or the file's text; null when not given.</summary>
    private static string? UserSettings(ExecDraft draft)
    {
        var given = CommandOptions.Values(draft.Arguments, "--settings").LastOrDefault();
        return given is null ? null
            : given.TrimStart().StartsWith('{') ? given
            : draft.World.ReadFile(Path.Combine(draft.World.WorkingDirectory, given)) ?? "";
    }

    /// <summary>The merged <c>env</c> blocks: user, project, local, then <c>--settings</c>; the project's only where claude has been told to trust it.</summary>
    private static Dictionary<string, FoundAddress> Effective(ExecDraft draft, string? ofUser)
    {
        var world = draft.World;
        var home = world.Variable("CLAUDE_CONFIG_DIR") ?? Path.Combine(world.Home, ".claude");
        var project = Path.Combine(world.WorkingDirectory, ".claude");
        var isTrusted = FolderTrust.OfClaudeCode(world);
        Dictionary<string, FoundAddress> merged = [];
        Merge(merged, world.ReadFile(Path.Combine(home, "settings.json")), world.Named(Path.Combine(home, "settings.json")));
        foreach (var file in new[] { Path.Combine(project, "settings.json"), Path.Combine(project, "settings.local.json") })
        {
            if (isTrusted)
            {
                Merge(merged, world.ReadFile(file), world.Named(file));
            }
            else
            {
                foreach (var (name, value) in JsonConfig.Strings(world.ReadFile(file), "env").Where(pair => pair.Name is BaseUrl or VertexUrl or BedrockUrl))
                {
                    draft.Notes.Add($"{world.Named(file)} names {name} {BaseAddresses.Shown(value)}. It is not used: claude has not been told to trust this folder");
                }
            }
        }

        Merge(merged, ofUser, "--settings");
        foreach (var (_, address) in JsonConfig.Strings(world.ReadFile(Organisations), "env").Where(pair => pair.Name == BaseUrl))
        {
            draft.Notes.Add($"{Organisations} names {BaseUrl}, which outranks all that lethe can give: calls go to {BaseAddresses.Shown(address)} directly and are not recorded");
        }

        return merged;
    }

    private static void Merge(Dictionary<string, FoundAddress> into, string? text, string source)
    {
        foreach (var (name, value) in JsonConfig.Strings(text, "env"))
        {
            into[name] = new FoundAddress(value, $"{name} in {source}");
        }
    }
}
