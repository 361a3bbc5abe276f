using System.Diagnostics;
using System.Globalization;

namespace Lethe.Proxy.Tests.Commands;

/// <summary>The program as a person starts it: a process of its own, with its output and its exit code.</summary>
internal sealed class LetheProcess : IDisposable
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly Task<string> error;

    private LetheProcess(Process process)
    {
        this.process = process;
        error = process.StandardError.ReadToEndAsync();
    }

    public static LetheProcess Start(string directory, params string[] args) => Start(directory, new Dictionary<string, string>(), args);

    public static LetheProcess Start(string directory, IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "lethe.dll"));
        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new LetheProcess(Process.Start(start)!);
    }

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(string directory, params string[] args)
    {
        using var lethe = Start(directory, args);
        return await lethe.ExitAsync();
    }

    /// <summary>Reads stdout up to the line that begins like this.</summary>
    public async Task<string> ReadLineAsync(string start)
    {
        using var bound = new CancellationTokenSource(WaitMax);
        while (await process.StandardOutput.ReadLineAsync(bound.Token) is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"lethe ended without a line that begins with '{start}': {await error}");
    }

    public async Task<(int ExitCode, string Output, string Error)> ExitAsync()
    {
        using var bound = new CancellationTokenSource(WaitMax);
        var output = await process.StandardOutput.ReadToEndAsync(bound.Token);
        await process.WaitForExitAsync(bound.Token);
        return (process.ExitCode, output, await error);
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        process.Dispose();
    }
}
