using System.CommandLine;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>The options every verb takes: the top layer of the configuration.</summary>
internal static class GlobalOptions
{
    public static readonly Option<string?> Data = Text("--data", "DIR", "Where the store, the journal and the key file live (Lethe:DataDirectory).");

    public static readonly Option<string?> Listen = Text("--listen", "URL", "The forwarding door (Lethe:Listen).");

    public static readonly Option<string?> Admin = Text("--admin", "URL", "The read API, metrics and health (Lethe:AdminListen).");

    public static readonly Option<string?> ExtProc = Text("--extproc", "URL", "The Envoy door, http://… or unix:/path (Lethe:ExtProc:Listen).");

    public static readonly Option<string[]> Set = new("--set")
    {
        Description = "Any configuration key, as often as needed; --Lethe:KEY=VALUE means the same.",
        HelpName = "KEY=VALUE",
        Recursive = true,
        AllowMultipleArgumentsPerToken = false,
    };

    /// <summary>Turns <c>--Lethe:Key=Value</c> and <c>--Lethe:Key Value</c> into <c>--set</c>; what follows <c>--</c> is another program's.</summary>
    public static IReadOnlyList<string> Normalise(IReadOnlyList<string> args)
    {
        var normal = new List<string>(args.Count);
        for (var i = 0; i < args.Count; i++)
        {
            if (args[i] == "--")
            {
                normal.AddRange(args.Skip(i));
                break;
            }

            if (!args[i].StartsWith("--Lethe:", StringComparison.OrdinalIgnoreCase))
            {
                normal.Add(args[i]);
                continue;
            }

            var pair = args[i][2..];
            if (!pair.Contains('=', StringComparison.Ordinal) && i + 1 < args.Count)
            {
                pair += "=" + args[++i];
            }

            normal.Add("--set");
            normal.Add(pair);
        }

        return normal;
    }

    /// <summary>The effective configuration with its errors.</summary>
    public static SettingsReading Read(ParseResult line, bool withWorkingDirectory = true) => LetheSettings.Read(Overrides(line), withWorkingDirectory);

    /// <summary>The effective configuration; ends the command with all errors when there are any.</summary>
    public static LetheSettings Require(ParseResult line, bool withWorkingDirectory = true)
    {
        var reading = Read(line, withWorkingDirectory);
        return reading.Errors.Count == 0 ? reading.Settings : throw CommandFailure.Usage(reading.Describe());
    }

    private static Dictionary<string, string?> Overrides(ParseResult line)
    {
        var overrides = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in line.GetValue(Set) ?? [])
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw CommandFailure.Usage($"--set takes KEY=VALUE, not '{pair}'.");
            }

            overrides[pair[..equals]] = pair[(equals + 1)..];
        }

        Put("DataDirectory", Data);
        Put("Listen", Listen);
        Put("AdminListen", Admin);
        Put("ExtProc:Listen", ExtProc);
        return overrides;

        void Put(string key, Option<string?> option)
        {
            if (line.GetValue(option) is { } value)
            {
                overrides[LetheOptions.Section + ":" + key] = value;
            }
        }
    }

    private static Option<string?> Text(string name, string shape, string description) =>
        new(name) { Description = description, HelpName = shape, Recursive = true };
}
