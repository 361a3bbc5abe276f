using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Lethe.Proxy.Exec;

/// <summary>opencode and its kin: each provider's <c>options.baseURL</c>, given by <c>…_CONFIG_CONTENT</c>, which outranks every file. It asks nobody to trust a folder: a project's files do not choose the upstream.</summary>
internal static partial class OpenCode
{
    /// <summary>Providers that it knows by itself: id, our upstream, the path of its base URL, the variables and logins that switch it on.</summary>
    private static readonly (string Id, string Upstream, string Path, string[] Keys)[] Known =
    [
        ("anthropic", "anthropic", "/v1", ["ANTHROPIC_API_KEY"]),
        ("openai", "openai", "/v1", ["OPENAI_API_KEY"]),
        ("google", "gemini", "/v1beta", ["GOOGLE_GENERATIVE_AI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"]),
        ("openrouter", "openrouter", "/api/v1", ["OPENROUTER_API_KEY"]),
        ("groq", "groq", "/openai/v1", ["GROQ_API_KEY"]),
        ("deepseek", "deepseek", "", ["DEEPSEEK_API_KEY"]),
        ("mistral", "mistral", "/v1", ["MISTRAL_API_KEY"]),
        ("xai", "xai", "/v1", ["XAI_API_KEY"]),
    ];

    public static void Apply(ExecDraft draft, string variables)
    {
        var world = draft.World;
        var name = variables.ToLowerInvariant();
        var files = new OpenCodeFiles(world, variables);
        var providers = files.OfUser()["provider"] as JsonObject ?? [];
        var ofProject = files.OfProject()["provider"] as JsonObject ?? [];
        var logins = JsonConfig.Parse(world.ReadFile(Path.Combine(
            world.Variable("XDG_DATA_HOME") ?? Path.Combine(world.Home, ".local", "share"), name, "auth.json"))) ?? [];
        var ours = new JsonObject();
        string[] unclear = [.. providers.Select(pair => pair.Key).Where(id => BaseUrl(world, providers, id) is { } found && !BaseAddresses.IsAddress(found))];
        foreach (var id in unclear)
        {
            draft.Notes.Add($"{name}'s provider {id} keeps its base URL, which makes no sense to lethe: its calls are not recorded.");
            providers.Remove(id);
        }

        foreach (var (id, upstream, path, keys) in Known.Where(known => !unclear.Contains(known.Id)))
        {
            if (providers.ContainsKey(id) || ofProject.ContainsKey(id) || logins.ContainsKey(id) || keys.Any(key => world.Variable(key) is not null))
            {
                Point(ours, id, draft.Addresses.Through(upstream, Found(id) ?? (id == "anthropic" ? world.Address("ANTHROPIC_BASE_URL") : null), path));
            }
        }

        foreach (var (id, _) in providers)
        {
            if (!Array.Exists(Known, known => known.Id == id) && Found(id) is { } found)
            {
                var package = providers[id]?["npm"]?.ToString() ?? "";
                Point(ours, id, draft.Addresses.Through(BaseAddresses.UpstreamName(id), found, "", package.Contains("anthropic", StringComparison.Ordinal) ? "anthropic" : "openai"));
            }
        }

        if (ours.Count == 0 && unclear.Length == 0)
        {
            Point(ours, "anthropic", draft.Addresses.Through("anthropic", world.Address("ANTHROPIC_BASE_URL"), "/v1"));
            Point(ours, "openai", draft.Addresses.Through("openai", null, "/v1"));
        }

        foreach (var (id, _) in ofProject)
        {
            if (BaseUrl(world, ofProject, id) is { } unused)
            {
                draft.Notes.Add($"a configuration of this project names {BaseAddresses.Shown(unused)} for {name}'s provider {id}. It is not used: a project does not choose where the key goes"
                    + (ours.ContainsKey(id) ? "" : ". What goes there directly is not recorded"));
            }
        }

        var content = JsonConfig.Parse(world.Variable(variables + "_CONFIG_CONTENT")) ?? [];
        JsonConfig.Merge(content, new JsonObject { ["provider"] = ours });
        draft.Environment[variables + "_CONFIG_CONTENT"] = content.ToJsonString();

        FoundAddress? Found(string id) => BaseUrl(world, providers, id) is { } address ? new FoundAddress(address, $"provider {id} of {name}'s configuration") : null;
    }

    private static string? BaseUrl(ExecEnvironment world, JsonObject providers, string id) =>
        (providers[id] as JsonObject)?["options"] is JsonObject options && options["baseURL"]?.ToString() is { } written ? Filled(world, written) : null;

    /// <summary>A value as opencode reads it (https://opencode.ai/docs/config/#variables): <c>{env:NAME}</c> and <c>{file:path}</c> of a rooted path filled in.</summary>
    private static string Filled(ExecEnvironment world, string value) => Placeholder().Replace(value, match =>
        match.Groups["kind"].Value == "env"
            ? world.Variable(match.Groups["name"].Value) ?? ""
            : FileText(world, match.Groups["name"].Value));

    private static string FileText(ExecEnvironment world, string path)
    {
        path = path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(world.Home, path[2..]) : path;
        return Path.IsPathRooted(path) ? world.ReadFile(path)?.Trim() ?? "" : "";
    }

    [GeneratedRegex(@"\{(?<kind>env|file):(?<name>[^}]+)\}")]
    private static partial Regex Placeholder();

    private static void Point(JsonObject providers, string id, string address) => providers[id] = new JsonObject { ["options"] = new JsonObject { ["baseURL"] = address } };
}
