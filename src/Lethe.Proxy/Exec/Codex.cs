using Tomlyn.Model;

namespace Lethe.Proxy.Exec;

/// <summary>
/// Codex: pointed here by <c>-c</c>, which outranks its profile and its <c>config.toml</c>. A project's <c>.codex/config.toml</c> has no say: Codex
/// passes over every key of it that tells where calls go, trusted or not (https://github.com/openai/codex/commit/9ddb267e).
/// </summary>
internal static class Codex
{
    private const string BuiltInProvider = "openai";
    private const string System = "/etc/codex/config.toml";

    public static void Apply(ExecDraft draft)
    {
        var home = draft.World.Variable("CODEX_HOME") ?? Path.Combine(draft.World.Home, ".codex");
        var layers = Layers(draft, home);
        if (draft.Arguments.TakeWhile(argument => argument != "--").Contains("--oss"))
        {
            draft.Set("CODEX_OSS_BASE_URL", "ollama", "/v1");
            return;
        }

        var provider = Of("model_provider")?.Value ?? BuiltInProvider;
        if (provider == BuiltInProvider)
        {
            Override(draft, OfOpenAI(draft, home, Of("openai_base_url")), "openai_base_url");
        }
        else if (Of("model_providers", provider, "base_url") is { } found)
        {
            Override(draft, draft.Addresses.Through(BaseAddresses.UpstreamName(provider), found, "/v1", "openai"), "model_providers", provider, "base_url");
        }
        else
        {
            draft.Notes.Add($"codex's provider '{provider}' has no base_url in its configuration: its calls are not recorded");
        }

        FoundAddress? Of(params string[] key) => layers
            .Select(layer => TomlConfig.Word(layer.Table, key) is { } value ? new FoundAddress(value, $"{string.Join('.', key)} in {layer.Source}") : null)
            .FirstOrDefault(found => found is not null);
    }

    /// <summary>The configuration that would be in force, what counts more coming first (https://developers.openai.com/codex/config-basic).</summary>
    private static List<(TomlTable? Table, string Source)> Layers(ExecDraft draft, string home)
    {
        var world = draft.World;
        var options = CommandOptions.Values(draft.Arguments, "-c", "--config").Select(TomlConfig.Option).Reverse().ToList();
        var path = Path.Combine(home, "config.toml");
        var file = TomlConfig.Parse(world.ReadFile(path));
        List<(TomlTable? Table, string Source)> layers = [.. options.Select(option => (option, "-c"))];
        var profile = CommandOptions.Values(draft.Arguments, "-p", "--profile").LastOrDefault()
            ?? options.Append(file).Select(table => TomlConfig.Word(table, "profile")).FirstOrDefault(name => name is not null);
        if (profile is not null)
        {
            var own = Path.Combine(home, Path.GetFileName(profile) + ".config.toml");
            layers.Add((TomlConfig.Parse(world.ReadFile(own)), world.Named(own)));
            layers.Add((Profile(file, profile), $"profile {profile} of {world.Named(path)}"));
        }

        return [.. layers, (file, world.Named(path)), (TomlConfig.Parse(world.ReadFile(System)), System)];
    }

    private static TomlTable? Profile(TomlTable? file, string name) =>
        file is not null && file.TryGetValue("profiles", out var profiles) && profiles is TomlTable all && all.TryGetValue(name, out var profile) ? profile as TomlTable : null;

    /// <summary>An address that is configured, else the one of the way the user is signed in.</summary>
    private static string OfOpenAI(ExecDraft draft, string home, FoundAddress? configured)
    {
        var found = configured ?? draft.World.Address("OPENAI_BASE_URL");
        if (found is not null && !draft.Addresses.IsOurs(found.Value))
        {
            return draft.Addresses.Through("openai", found, "/v1");
        }

        return IsChatGptLogin(draft.World.ReadFile(Path.Combine(home, "auth.json")))
            ? draft.Addresses.Through("chatgpt", null, "")
            : draft.Addresses.Through("openai", null, "/v1");
    }

    /// <summary>Older versions wrote no mode: then tokens without a key say it.</summary>
    private static bool IsChatGptLogin(string? auth)
    {
        var login = JsonConfig.Parse(auth);
        return login?["auth_mode"]?.ToString() is { } mode ? mode == "chatgpt" : login?["tokens"] is not null && login["OPENAI_API_KEY"] is null;
    }

    /// <summary>Behind the user's own setting of that key, because the last one counts; else before everything.</summary>
    private static void Override(ExecDraft draft, string address, params string[] key)
    {
        var next = CommandOptions.Find(draft.Arguments, "-c", "--config")
            .Where(option => TomlConfig.Word(TomlConfig.Option(option.Value), key) is not null)
            .Select(option => option.Next)
            .LastOrDefault();
        draft.Arguments.InsertRange(next, ["-c", TomlConfig.Assignment(address, key)]);
    }
}
