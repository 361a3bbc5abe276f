using System.Collections.Frozen;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Forwarding;

namespace Lethe.Proxy.Exec;

/// <summary>What a command would find where it starts: the environment, its files, and the lethe that it will be sent through.</summary>
internal sealed record Surroundings
{
    /// <summary>Tells a lethe inside the child where the door of the outer one is.</summary>
    public const string DoorVariable = "LETHE_DOOR";

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required string WorkingDirectory { get; init; }

    public required string Home { get; init; }

    /// <summary>The text of a file, or null when there is none to read.</summary>
    public required Func<string, string?> ReadFile { get; init; }

    /// <summary>All model APIs that lethe forwards to.</summary>
    public required IReadOnlyList<Upstream> Upstreams { get; init; }

    /// <summary>Base addresses that are lethe itself.</summary>
    public IReadOnlyList<string> Doors { get; init; } = [];

    public string? Variable(string name) => Environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>The surroundings of this process.</summary>
    public static Surroundings Here(LetheOptions options, IEnumerable<string> doors)
    {
        var environment = System.Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .ToFrozenDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
        return new Surroundings
        {
            Environment = environment,
            WorkingDirectory = System.Environment.CurrentDirectory,
            Home = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile),
            ReadFile = Read,
            Upstreams = Upstream.From(options),
            Doors = [.. doors, options.Listen, .. environment.TryGetValue(DoorVariable, out var outer) ? new[] { outer } : []],
        };
    }

    private static string? Read(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // A file that we may not read, the agent may not either.
            return null;
        }
    }
}
