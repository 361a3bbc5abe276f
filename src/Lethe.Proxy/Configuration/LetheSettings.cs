using Microsoft.Extensions.Configuration;

namespace Lethe.Proxy.Configuration;

/// <summary>The configuration as it is in force: the typed options, and the whole tree for YARP's own section.</summary>
internal sealed record LetheSettings(IConfiguration Configuration, LetheOptions Options)
{
    /// <summary>Options made in code, for a host inside another process or a test.</summary>
    public static LetheSettings Of(LetheOptions options) => new(new ConfigurationBuilder().Build(), options);

    /// <summary>
    /// Reads appsettings.json beside the executable and in the working directory, the environment (<c>Lethe__…</c>), then
    /// <paramref name="overrides"/>, in rising precedence. Never throws for what a person can write.
    /// </summary>
    /// <param name="withWorkingDirectory">False where the working directory is somebody else's project, whose file must not redirect the traffic.</param>
    public static SettingsReading Read(IReadOnlyDictionary<string, string?> overrides, bool withWorkingDirectory = true)
    {
        var builder = new ConfigurationBuilder();
        var errors = new List<string>();
        foreach (var file in Files(withWorkingDirectory))
        {
            if (TryReadFile(file, errors) is { } read)
            {
                builder.AddConfiguration(read);
            }
        }

        var configuration = builder.AddInMemoryCollection(OfEnvironment()).AddInMemoryCollection(overrides).Build();
        var options = new LetheOptions();
        errors.AddRange(OptionsReader.Read(configuration.GetSection(LetheOptions.Section), options));
        errors.AddRange(LetheOptionsValidator.Validate(options));
        return new SettingsReading(new LetheSettings(configuration, options), errors);
    }

    // A variable that is called LETHE, and nothing more, is somebody else's: no key of ours is a section's own value.
    private static IEnumerable<KeyValuePair<string, string?>> OfEnvironment() => new ConfigurationBuilder().AddEnvironmentVariables().Build().AsEnumerable()
        .Where(pair => pair.Value is not null && !pair.Key.Equals(LetheOptions.Section, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<string> Files(bool withWorkingDirectory)
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "appsettings.json");
        yield return beside;
        var here = Path.Combine(Environment.CurrentDirectory, "appsettings.json");
        if (withWorkingDirectory && here != beside)
        {
            yield return here;
        }
    }

    private static IConfiguration? TryReadFile(string file, List<string> errors)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            return new ConfigurationBuilder().AddJsonFile(file, optional: true, reloadOnChange: false).Build();
        }
        catch (Exception fault) when (fault is InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
        {
            errors.Add($"{file}: {(fault.InnerException ?? fault).Message}");
            return null;
        }
    }
}

/// <summary>What reading the configuration came to. Errors name their key; the settings hold only when there are none.</summary>
internal sealed record SettingsReading(LetheSettings Settings, IReadOnlyList<string> Errors)
{
    /// <summary>One line for the count, then one line an error.</summary>
    public string Describe() =>
        $"the configuration has {(Errors.Count == 1 ? "an error" : Errors.Count + " errors")}:\n" + string.Join('\n', Errors.Select(error => "  " + error));
}
