namespace Lethe.Proxy.Exec;

/// <summary>Codex: pointed here by <c>-c</c>, which outranks its profile and its <c>config.toml</c>.</summary>
internal static class Codex
{
    private const string BuiltInProvider = "openai";

    public static void Apply(ExecDraft draft)
    {
        var world = draft.World;
        var home = world.Variable("CODEX_HOME") ?? Path.Combine(world.Home, ".codex");
        var file = TomlText.Strings(world.ReadFile(Path.Combine(home, "config.toml")));
        var overrides = Overrides(draft.Arguments);
        var profile = CommandOptions.Values(draft.Arguments, "-p", "--profile").LastOrDefault() ?? overrides.GetValueOrDefault("profile") ?? file.GetValueOrDefault("profile");

        var provider = Of("model_provider") ?? BuiltInProvider;
        if (draft.Arguments.TakeWhile(argument => argument != "--").Contains("--oss"))
        {
            draft.Set("CODEX_OSS_BASE_URL", "ollama", "/v1");
        }
        else if (provider == BuiltInProvider)
        {
            Override(draft, "openai_base_url", OfOpenAI(draft, home, Of("openai_base_url")));
        }
        else if (Of($"model_providers.{provider}.base_url") is { } found)
        {
            Override(draft, $"model_providers.{provider}.base_url", draft.Addresses.Through(BaseAddresses.UpstreamName(provider), found, "/v1", "openai"));
        }
        else
        {
            draft.Notes.Add($"codex's provider '{provider}' has no base_url in its configuration: its calls are not recorded");
        }

        string? Of(string key) =>
            overrides.GetValueOrDefault(key)
            ?? (profile is null ? null : file.GetValueOrDefault($"profiles.{profile}.{key}"))
            ?? file.GetValueOrDefault(key);
    }

    /// <summary>An address that is configured, else the one of the way the user is signed in.</summary>
    private static string OfOpenAI(ExecDraft draft, string home, string? configured)
    {
        var found = configured ?? draft.World.Variable("OPENAI_BASE_URL");
        if (found is not null && !draft.Addresses.IsOurs(found))
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

    private static Dictionary<string, string> Overrides(IReadOnlyList<string> arguments)
    {
        Dictionary<string, string> overrides = [];
        foreach (var pair in CommandOptions.Values(arguments, "-c", "--config"))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                overrides[TomlText.Key(pair[..equals])] = TomlText.Value(pair[(equals + 1)..]);
            }
        }

        return overrides;
    }

    /// <summary>Behind the user's own setting of that key, because the last one counts; else before everything.</summary>
    private static void Override(ExecDraft draft, string key, string address)
    {
        var next = CommandOptions.Find(draft.Arguments, "-c", "--config")
            .Where(option => TomlText.Key(option.Value.Split('=')[0]) == key)
            .Select(option => option.Next)
            .LastOrDefault();
        draft.Arguments.InsertRange(next, ["-c", $"{key}=\"{address}\""]);
    }
}
