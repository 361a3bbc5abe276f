using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Exec;

/// <summary>The agent: it owns the terminal as if we were not there, and its exit code becomes ours.</summary>
internal static partial class AgentProcess
{
    /// <summary>Runs to the end: the exit code, 128 + n for a signal, 126 where a shell would say so.</summary>
    public static async Task<int> RunAsync(ExecPlan plan, TextWriter error)
    {
        var start = new ProcessStartInfo(plan.Program) { UseShellExecute = false };
        foreach (var argument in plan.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in plan.Environment)
        {
            start.Environment[name] = value;
        }

        Process? started = null;

        // Ctrl+C reaches the whole foreground group: the agent decides what it means, and we wait. What only we get is passed on.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, signal => signal.Cancel = true);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => PassOn(signal, started, 15));
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => PassOn(signal, started, 1));
        try
        {
            started = Process.Start(start);
        }
        catch (Win32Exception)
        {
            // No format that the system runs, or gone since it was found.
            await error.WriteLineAsync(AgentProgram.CannotRun(plan.Program));
            return ExitCode.NotExecutable;
        }

        using (started)
        {
            await started!.WaitForExitAsync();
            return started.ExitCode;
        }
    }

    private static void PassOn(PosixSignalContext signal, Process? agent, int number)
    {
        signal.Cancel = true;
        if (agent is { HasExited: false })
        {
            _ = Kill(agent.Id, number);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
