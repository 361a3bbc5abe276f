using System.Diagnostics;

namespace Lethe.Proxy.Tests.Exec;

/// <summary>Signals reach a process, so lethe runs as one here.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class AgentSignalTests : IDisposable
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(60);

    private readonly string home = Directory.CreateTempSubdirectory("lethe-signal-").FullName;

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task A_signal_to_lethe_is_the_agents_to_answer(string signal)
    {
        using var lethe = Start($"trap 'exit 42' {signal}; : > {home}/up; while :; do sleep 0.05; done");
        await UntilUpAsync();

        await SendAsync(signal, lethe);

        Assert.Equal(42, await ExitAsync(lethe));
    }

    [Fact]
    public async Task Ctrl_C_ends_lethe_only_when_the_agent_ends()
    {
        using var lethe = Start($"trap 'exit 7' USR1; echo $$ > {home}/pid; : > {home}/up; while :; do sleep 0.05; done");
        await UntilUpAsync();

        await SendAsync("INT", lethe);
        await SendAsync("INT", lethe);
        Assert.False(lethe.HasExited);
        using var kill = Process.Start("kill", ["-USR1", (await File.ReadAllTextAsync(Path.Combine(home, "pid"))).Trim()]);

        Assert.Equal(7, await ExitAsync(lethe));
    }

    public void Dispose() => Directory.Delete(home, recursive: true);

    private Process Start(string script) => Process.Start(
        new ProcessStartInfo(LetheProgram.AllSignals[0], [.. LetheProgram.AllSignals[1..], "dotnet", Path.Combine(AppContext.BaseDirectory, "lethe.dll"), "exec", "--data", Path.Combine(home, "data"), "--", "sh", "-c", script]))!;

    private async Task UntilUpAsync()
    {
        using var patience = new CancellationTokenSource(WaitMax);
        while (!File.Exists(Path.Combine(home, "up")))
        {
            await Task.Delay(20, patience.Token);
        }
    }

    private static async Task SendAsync(string signal, Process process)
    {
        using var kill = Process.Start("kill", ["-" + signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private static async Task<int> ExitAsync(Process process)
    {
        using var patience = new CancellationTokenSource(WaitMax);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }
}
