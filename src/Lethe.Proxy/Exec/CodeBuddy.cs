using System.Text.Json;

namespace Lethe.Proxy.Exec;

/// <summary>CodeBuddy: its upstream stands in the environment, in its own settings, or in what its login left behind. It keeps no record of trust, so a project's settings have no say.</summary>
internal static class CodeBuddy
{
    private const string BaseUrl = "CODEBUDDY_BASE_URL";

    /// <summary>The file that a login leaves: the MD5 of <c>CodeBuddy-Endpoint-Cache</c> is its name.</summary>
    private const string LoginCache = "entry_933d5543e80177622c17a73869c0fad7.info";

    /// <summary>What the client puts behind the address of a login.</summary>
    private const string ApiPath = "/v2";

    private static readonly string[] OfProject = ["settings.json", "settings.local.json"];

    public static void Apply(ExecDraft draft)
    {
        var world = draft.World;
        var home = world.Variable("CODEBUDDY_CONFIG_DIR") ?? Path.Combine(world.Home, ".codebuddy");
        var found = world.Address(BaseUrl) ?? OfSettings(world, Path.Combine(home, "settings.json")) ?? OfLogin(world, Path.Combine(home, "local_storage", LoginCache));
        var ours = draft.Addresses.Through("codebuddy", found, ApiPath);
        draft.Environment[BaseUrl] = ours;
        foreach (var name in OfProject)
        {
            var file = Path.Combine(world.WorkingDirectory, ".codebuddy", name);
            if (OfSettings(world, file) is { } ignored && world.WorkingDirectory != world.Home)
            {
                draft.Notes.Add($"{ignored.Source} is {BaseAddresses.Shown(ignored.Value)}. It is not used: a project does not choose where the key goes");
            }
        }

        // Its settings win over the environment, as Claude Code's do.
        if (!CommandOptions.Values(draft.Arguments, "--settings").Any())
        {
            draft.Arguments.InsertRange(0, ["--settings", JsonSerializer.Serialize(new { env = new Dictionary<string, string> { [BaseUrl] = ours } })]);
        }
    }

    private static FoundAddress? OfSettings(ExecEnvironment world, string path) => JsonConfig.Strings(world.ReadFile(path), "env")
        .Where(pair => pair.Name == BaseUrl && pair.Value.Length > 0)
        .Select(pair => new FoundAddress(pair.Value, $"{BaseUrl} in {world.Named(path)}"))
        .LastOrDefault();

    private static FoundAddress? OfLogin(ExecEnvironment world, string path)
    {
        try
        {
            return world.ReadFile(path) is { } text && JsonSerializer.Deserialize<string>(text)?.Trim() is { Length: > 0 } address
                ? new FoundAddress(address.TrimEnd('/') + ApiPath, "the login of codebuddy")
                : null;
        }
        catch (JsonException)
        {
            // As good as not signed in.
            return null;
        }
    }
}
