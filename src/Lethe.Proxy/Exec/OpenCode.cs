using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Lethe.Proxy.Exec;

/// <summary>opencode and its kin: each provider's <c>options.baseURL</c>, given by <c>…_CONFIG_CONTENT</c>, which outranks every file.</summary>
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
        var config = Effective(world, variables, name);
        var providers = config["provider"] as JsonObject ?? [];
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
            if (providers.ContainsKey(id) || logins.ContainsKey(id) || keys.Any(key => world.Variable(key) is not null))
            {
                Point(ours, id, draft.Addresses.Through(upstream, BaseUrl(world, providers, id), path));
            }
        }

        foreach (var (id, _) in providers)
        {
            if (!Array.Exists(Known, known => known.Id == id) && BaseUrl(world, providers, id) is { } found)
            {
                var package = providers[id]?["npm"]?.ToString() ?? "";
                Point(ours, id, draft.Addresses.Through(BaseAddresses.UpstreamName(id), found, "", package.Contains("anthropic", StringComparison.Ordinal) ? "anthropic" : "openai"));
            }
        }

        if (ours.Count == 0 && unclear.Length == 0)
        {
            Point(ours, "anthropic", draft.Addresses.Through("anthropic", null, "/v1"));
            Point(ours, "openai", draft.Addresses.Through("openai", null, "/v1"));
        }

        var content = JsonConfig.Parse(world.Variable(variables + "_CONFIG_CONTENT")) ?? [];
        JsonConfig.Merge(content, new JsonObject { ["provider"] = ours });
        draft.Environment[variables + "_CONFIG_CONTENT"] = content.ToJsonString();
    }

    /// <summary>The configuration that would be in force: the user's, the named file's, the projects' from the outside in, the variable's.</summary>
    private static JsonObject Effective(Surroundings world, string variables, string name)
    {
        var home = Path.Combine(world.Variable("XDG_CONFIG_HOME") ?? Path.Combine(world.Home, ".config"), name);
        List<string?> texts = [.. Files(home, name).Select(world.ReadFile)];
        if (world.Variable(variables + "_CONFIG") is { } file)
        {
            texts.Add(world.ReadFile(Path.Combine(world.WorkingDirectory, file)));
        }

        List<string> directories = [];
        for (var directory = world.WorkingDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            directories.Insert(0, directory);
        }

        texts.AddRange(directories.SelectMany(directory => Files(directory, name)).Select(world.ReadFile));
        texts.Add(world.Variable(variables + "_CONFIG_CONTENT"));
        var effective = new JsonObject();
        foreach (var config in texts.Select(JsonConfig.Parse).OfType<JsonObject>())
        {
            JsonConfig.Merge(effective, config);
        }

        return effective;
    }

    private static string[] Files(string directory, string name) => [Path.Combine(directory, name + ".json"), Path.Combine(directory, name + ".jsonc")];

    private static string? BaseUrl(Surroundings world, JsonObject providers, string id) =>
        (providers[id] as JsonObject)?["options"] is JsonObject options && options["baseURL"]?.ToString() is { } written ? Filled(world, written) : null;

    /// <summary>A value as opencode reads it (https://opencode.ai/docs/config/#variables): <c>{env:NAME}</c> and <c>{file:path}</c> filled in.</summary>
    private static string Filled(Surroundings world, string value) => Placeholder().Replace(value, match =>
        match.Groups["kind"].Value == "env"
            ? world.Variable(match.Groups["name"].Value) ?? ""
            : world.ReadFile(Path.Combine(world.WorkingDirectory, match.Groups["name"].Value))?.Trim() ?? "");

    [GeneratedRegex(@"\{(?<kind>env|file):(?<name>[^}]+)\}")]
    private static partial Regex Placeholder();

    private static void Point(JsonObject providers, string id, string address) => providers[id] = new JsonObject { ["options"] = new JsonObject { ["baseURL"] = address } };
}
