using System.Runtime.InteropServices;

namespace Lethe.Proxy.Commands;

/// <summary>
/// The signals that ask for an end in good order, as a token: SIGTERM, Ctrl+C, Ctrl+\ and the SIGHUP of a closed terminal. The first is ours to end well;
/// the next goes its usual way and ends the process. SIGHUP never does: a closing terminal sends several, and some supervisors send one after SIGTERM.
/// </summary>
internal sealed partial class TerminationSignal : IDisposable
{
    private const int HangUp = 1;
    private const nint Ignored = 1;

    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private bool asked;

    public TerminationSignal()
    {
        PosixSignal[] signals = IsHangUpIgnored()
            ? [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT]
            : [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGHUP];
        registrations = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, Take))];
    }

    public CancellationToken Token => source.Token;

    /// <summary>Completes at the first signal.</summary>
    public async Task WaitAsync()
    {
        var signalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = source.Token.Register(signalled.SetResult);
        await signalled.Task;
    }

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        source.Dispose();
    }

    private void Take(PosixSignalContext context)
    {
        context.Cancel = !asked || context.Signal == PosixSignal.SIGHUP;
        asked |= context.Signal != PosixSignal.SIGHUP;
        source.Cancel();
    }

    // Who was started by nohup is to outlive its terminal, and a handler of ours would undo that.
    private static bool IsHangUpIgnored()
    {
        if (OperatingSystem.IsWindows())
        {
            return false;
        }

        var before = SetHandler(HangUp, Ignored);
        SetHandler(HangUp, before);
        return before == Ignored;
    }

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetHandler(int signal, nint handler);
}
