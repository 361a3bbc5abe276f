using System.Text.RegularExpressions;

namespace Lethe.Proxy.Exec;

/// <summary>DeepSeek Harness: a base address that is stored with a model outranks the variable, and there is no option above it.</summary>
internal static partial class DeepSeekHarness
{
    public static void Apply(ExecDraft draft)
    {
        draft.Set("DEEPSEEK_BASE_URL", "deepseek", "");
        var world = draft.World;
        var path = Path.Combine(world.Variable("DSH_HOME") ?? Path.Combine(world.Home, ".dsh"), "settings.yaml");
        foreach (var address in Stored().Matches(world.ReadFile(path) ?? "").Select(match => match.Groups["address"].Value).Distinct().Where(address => !draft.Addresses.IsOurs(address)))
        {
            draft.Notes.Add($"{world.Named(path)} names {BaseAddresses.Shown(address)}: what dsh sends there goes there directly and is not recorded");
        }
    }

    [GeneratedRegex("""^[ \t-]*baseURL:[ \t]*["']?(?<address>https?://[^\s"'#]+)""", RegexOptions.Multiline)]
    private static partial Regex Stored();
}
