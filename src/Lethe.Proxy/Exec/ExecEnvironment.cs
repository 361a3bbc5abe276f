using System.Collections.Frozen;
using System.Text;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Forwarding;
using Lethe.Proxy.Hosting;

namespace Lethe.Proxy.Exec;

/// <summary>What a command would find where it starts: the environment, its files, and the lethe that it will be sent through.</summary>
internal sealed record ExecEnvironment
{
    /// <summary>Tells a lethe inside the child where the door of the outer one is.</summary>
    public const string DoorVariable = "LETHE_DOOR";

    private const int FileCharsMax = 64 * 1024 * 1024;
    private const int BufferChars = 16 * 1024;

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required string WorkingDirectory { get; init; }

    public required string Home { get; init; }

    /// <summary>The text of a file, or null when there is none to read.</summary>
    public required Func<string, string?> ReadFile { get; init; }

    /// <summary>All model APIs that lethe forwards to.</summary>
    public required IReadOnlyList<Upstream> Upstreams { get; init; }

    /// <summary>Base addresses that are lethe itself.</summary>
    public IReadOnlyList<string> Doors { get; init; } = [];

    /// <summary>True when a lethe runs already: its upstreams are what they are.</summary>
    public bool IsRunning { get; init; }

    /// <summary>The working directory, then each one that holds the one before.</summary>
    public IEnumerable<string> DirectoriesUpward
    {
        get
        {
            for (var directory = WorkingDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
            {
                yield return directory;
            }
        }
    }

    public string? Variable(string name) => Environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>A variable that holds a base address.</summary>
    public FoundAddress? Address(string variable) => Variable(variable) is { } value ? new FoundAddress(value, variable + " of the environment") : null;

    /// <summary>A file as a person knows it: from the home directory on, or from the working directory.</summary>
    public string Named(string path) => path.StartsWith(Home + "/", StringComparison.Ordinal) ? "~" + path[Home.Length..] : path;

    /// <summary>The surroundings of this process.</summary>
    /// <param name="running">The lethe that runs on the data directory; null when exec starts its own.</param>
    public static ExecEnvironment Here(LetheOptions options, ListeningDoors? running)
    {
        var environment = System.Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .ToFrozenDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
        return new ExecEnvironment
        {
            Environment = environment,
            WorkingDirectory = System.Environment.CurrentDirectory,
            Home = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile),
            ReadFile = Read,
            Upstreams = running?.Upstreams ?? Upstream.From(options),
            IsRunning = running is not null,
            Doors = [.. running is null ? [] : new[] { running.Forwarding }, options.Listen, .. environment.TryGetValue(DoorVariable, out var outer) ? new[] { outer } : []],
        };
    }

    /// <summary>A project can bring along a link to what never ends.</summary>
    private static string? ReadWhole(string path)
    {
        using var file = new StreamReader(path);
        var text = new StringBuilder();
        var buffer = new char[BufferChars];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            text.Append(buffer, 0, read);
            if (text.Length > FileCharsMax)
            {
                return null;
            }
        }

        return text.ToString();
    }

    private static string? Read(string path)
    {
        try
        {
            return File.Exists(path) ? ReadWhole(path) : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // A file that we may not read, the agent may not either.
            return null;
        }
    }
}
