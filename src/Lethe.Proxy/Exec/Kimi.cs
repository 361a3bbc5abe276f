using Tomlyn.Model;

namespace Lethe.Proxy.Exec;

/// <summary>
/// Kimi, which keeps base addresses by provider in its <c>config.toml</c>: the older CLI in <c>~/.kimi</c>, whose variables outrank the file, and Kimi Code in
/// <c>$KIMI_CODE_HOME</c>, where only the vendor's own provider takes its address from a variable.
/// </summary>
internal static class Kimi
{
    private const string Managed = "managed:kimi-code";

    public static void Apply(ExecDraft draft)
    {
        var world = draft.World;
        var path = Path.Combine(world.Variable("KIMI_CODE_HOME") ?? Path.Combine(world.Home, ".kimi-code"), "config.toml");
        if (TomlConfig.Parse(world.ReadFile(path)) is { } config)
        {
            Point(draft, config, path);
        }
        else
        {
            path = CommandOptions.Values(draft.Arguments, "--config-file").LastOrDefault() is { } given
                ? Path.Combine(world.WorkingDirectory, given)
                : Path.Combine(world.Home, ".kimi", "config.toml");
            PointOlder(draft, TomlConfig.Parse(world.ReadFile(path)), path);
        }
    }

    private static void Point(ExecDraft draft, TomlTable config, string path)
    {
        var provider = Selected(draft, config);
        if (provider is null || Stored(draft, config, path, provider) is not { } stored)
        {
            return;
        }

        if (provider == Managed)
        {
            draft.Environment["KIMI_CODE_BASE_URL"] = draft.Addresses.Through("kimi", draft.World.Address("KIMI_CODE_BASE_URL") ?? stored, "/coding/v1");
        }

        if (draft.World.Variable("KIMI_MODEL_NAME") is null)
        {
            draft.Notes.Add($"{stored.Source} names {BaseAddresses.Shown(stored.Value)}, which kimi may prefer to the environment: what goes there directly is not recorded");
        }
    }

    private static void PointOlder(ExecDraft draft, TomlTable? config, string path)
    {
        var provider = Selected(draft, config);
        if (provider is null || Stored(draft, config, path, provider) is not { } stored)
        {
            return;
        }

        switch (TomlConfig.Word(config, "providers", provider, "type"))
        {
            case "kimi":
                draft.Environment["KIMI_BASE_URL"] = draft.Addresses.Through("kimi", draft.World.Address("KIMI_BASE_URL") ?? stored, "/coding/v1");
                break;
            case "openai_legacy" or "openai_responses":
                draft.Environment["OPENAI_BASE_URL"] = draft.Addresses.Through(BaseAddresses.UpstreamName(provider), draft.World.Address("OPENAI_BASE_URL") ?? stored, "/v1", "openai");
                break;
            default:
                draft.Notes.Add($"{stored.Source} names {BaseAddresses.Shown(stored.Value)}, and no variable outranks it: its calls go there directly and are not recorded");
                break;
        }
    }

    /// <summary>The provider of the model that would be used.</summary>
    private static string? Selected(ExecDraft draft, TomlTable? config) =>
        (CommandOptions.Values(draft.Arguments, "-m", "--model").LastOrDefault() ?? TomlConfig.Word(config, "default_model")) is { } model
            ? TomlConfig.Word(config, "models", model, "provider")
            : null;

    private static FoundAddress? Stored(ExecDraft draft, TomlTable? config, string path, string provider) =>
        TomlConfig.Word(config, "providers", provider, "base_url") is { Length: > 0 } address
            ? new FoundAddress(address, $"provider {provider} in {draft.World.Named(path)}")
            : null;
}
