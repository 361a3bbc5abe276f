using System.Runtime.InteropServices;

namespace Lethe.Proxy.Commands;

/// <summary>SIGTERM and Ctrl+C as a token. The first signal is ours to end well; the second goes its usual way and ends the process.</summary>
internal sealed class TerminationSignal : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration terminate;
    private readonly PosixSignalRegistration interrupt;

    public TerminationSignal()
    {
        terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take);
        interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Take);
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
        terminate.Dispose();
        interrupt.Dispose();
        source.Dispose();
    }

    private void Take(PosixSignalContext context)
    {
        context.Cancel = !source.IsCancellationRequested;
        source.Cancel();
    }
}
