using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Lethe.Proxy.Tests;

/// <summary>The program as a person starts it: a process of its own, with its output and its exit code.</summary>
internal sealed partial class LetheProgram : IDisposable
{
    public const int SigHup = 1;
    public const int SigInt = 2;
    public const int SigQuit = 3;
    public const int SigTerm = 15;

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly Task<string> error;

    /// <summary>The program is started with every signal as it is by default, whatever the tests' own parent ignores.</summary>
    public static string[] AllSignals => ["env", "--default-signal=HUP,INT,QUIT,TERM,PIPE"];

    private LetheProgram(Process process)
    {
        this.process = process;
        error = process.StandardError.ReadToEndAsync();
    }

    public int Id => process.Id;

    /// <param name="directory">Where it is started: the place of its configuration file.</param>
    /// <param name="environment">What its environment has besides the test's own.</param>
    public static LetheProgram Start(string directory, IEnumerable<KeyValuePair<string, string>> environment, params string[] args) =>
        Start(directory, environment, [.. AllSignals, "dotnet", Path.Combine(AppContext.BaseDirectory, "lethe.dll")], args);

    /// <param name="within">A command that runs another.</param>
    public static LetheProgram StartWithin(string[] within, string directory, IEnumerable<KeyValuePair<string, string>> environment, params string[] args) =>
        Start(directory, environment, [.. within, .. AllSignals, "dotnet", Path.Combine(AppContext.BaseDirectory, "lethe.dll")], args);

    /// <summary>Runs one command to its end inside another.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunWithinAsync(string[] within, params string[] args)
    {
        using var lethe = StartWithin(within, AppContext.BaseDirectory, [], args);
        return await lethe.ExitAsync();
    }

    /// <summary>As nohup starts it.</summary>
    public static LetheProgram StartIgnoringHangUp(string directory, params string[] args) =>
        Start(directory, [], ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", "dotnet", Path.Combine(AppContext.BaseDirectory, "lethe.dll")], args);

    private static LetheProgram Start(string directory, IEnumerable<KeyValuePair<string, string>> environment, string[] command, string[] args)
    {
        var start = new ProcessStartInfo(command[0]) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in (string[])[.. command[1..], .. args])
        {
            start.ArgumentList.Add(arg);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new LetheProgram(Process.Start(start)!);
    }

    public static LetheProgram Start(string directory, params string[] args) => Start(directory, [], args);

    /// <summary>Runs one command to its end, where no configuration lies.</summary>
    public static Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args) => RunInAsync(AppContext.BaseDirectory, args);

    public static async Task<(int ExitCode, string Output, string Error)> RunInAsync(string directory, params string[] args)
    {
        using var lethe = Start(directory, args);
        return await lethe.ExitAsync();
    }

    /// <summary>Runs one command for which a directory is mounted read-only. Who is not root is bound by the modes of the files, and needs no mount.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunReadOnlyAsync(string directory, params string[] args)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return await RunAsync(args);
        }

        var start = new ProcessStartInfo("unshare") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] words =
        [
            "--mount", "sh", "-c", "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"", directory,
            "dotnet", Path.Combine(AppContext.BaseDirectory, "lethe.dll"), .. args,
        ];
        Array.ForEach(words, start.ArgumentList.Add);
        using var lethe = new LetheProgram(Process.Start(start)!);
        return await lethe.ExitAsync();
    }

    /// <summary>Runs one command with a terminal as its stdin, stdout and stderr (script of util-linux makes one); all that it wrote there.</summary>
    public static async Task<string> RunOnTerminalAsync(string directory, params string[] args)
    {
        var (code, output) = await AnswerOnTerminalAsync(directory, "", args);
        return code == 0 ? output : throw new InvalidOperationException($"lethe ended with {code} on a terminal: {output}");
    }

    /// <summary>As <see cref="RunOnTerminalAsync"/>, with what a person types there.</summary>
    public static Task<(int ExitCode, string Output)> AnswerOnTerminalAsync(string directory, string typed, params string[] args) => OnTerminalAsync(directory, [], typed, args);

    /// <param name="environment">What its environment has besides the test's own.</param>
    public static async Task<(int ExitCode, string Output)> OnTerminalAsync(string directory, IEnumerable<KeyValuePair<string, string>> environment, string typed, params string[] args)
    {
        var start = new ProcessStartInfo("script") { WorkingDirectory = directory, RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] command = ["dotnet", Path.Combine(AppContext.BaseDirectory, "lethe.dll"), .. args];
        foreach (var arg in (string[])["-qec", string.Join(' ', command.Select(word => $"'{word}'")), "/dev/null"])
        {
            start.ArgumentList.Add(arg);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var terminal = Process.Start(start)!;
        using var bound = new CancellationTokenSource(WaitMax);
        await terminal.StandardInput.WriteAsync(typed.AsMemory(), bound.Token);
        await terminal.StandardInput.FlushAsync(bound.Token);
        var output = await terminal.StandardOutput.ReadToEndAsync(bound.Token);
        await terminal.WaitForExitAsync(bound.Token);
        return (terminal.ExitCode, output);
    }

    /// <summary>Reads stdout up to the line that begins like this.</summary>
    public async Task<string> ReadLineAsync(string start)
    {
        using var bound = new CancellationTokenSource(WaitMax);
        while (await process.StandardOutput.ReadLineAsync(bound.Token) is { } line)
        {
            output.Append(line).Append('\n');
            if (line.StartsWith(start, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"lethe ended without a line that begins with '{start}': {await error}");
    }

    /// <summary>Waits for its end. The output is all that it ever wrote.</summary>
    public async Task<(int ExitCode, string Output, string Error)> ExitAsync()
    {
        using var bound = new CancellationTokenSource(WaitMax);
        output.Append(await process.StandardOutput.ReadToEndAsync(bound.Token));
        await process.WaitForExitAsync(bound.Token);
        return (process.ExitCode, output.ToString(), await error);
    }

    public void Signal(int signal) => Assert.Equal(0, Kill(process.Id, signal));

    /// <summary>SIGKILL: nothing is flushed. An ended program stays ended.</summary>
    public async Task KillAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
