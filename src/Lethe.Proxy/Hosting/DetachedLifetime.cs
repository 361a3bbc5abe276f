namespace Lethe.Proxy.Hosting;

/// <summary>Leaves signals and the terminal to the command: a host inside <c>lethe exec</c> must not take the agent's Ctrl+C.</summary>
internal sealed class DetachedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
