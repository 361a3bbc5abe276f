using System.CommandLine;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe run</c>: the doors, ingest and the read API in one process, until a signal asks for the end.</summary>
internal static class RunCommand
{
    /// <summary>How long running calls may go on after the signal; a second signal ends at once.</summary>
    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(20);

    public static Command Build()
    {
        var command = new Command("run", "Open the doors: forward, capture, remember, answer questions.");
        command.SetAction((line, _) => RunAsync(GlobalOptions.Require(line), line.InvocationConfiguration.Output));
        return command;
    }

    private static async Task<int> RunAsync(LetheSettings settings, TextWriter output)
    {
        using var signal = new TerminationSignal();
        await using var host = await StartAsync(settings);
        await output.WriteAsync(StartupBanner.For(host.Doors));
        await output.FlushAsync();
        await signal.WaitAsync();

        using var patience = new CancellationTokenSource(DrainMax);
        try
        {
            await host.StopAsync(patience.Token);
        }
        catch (HostFault fault)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }

        return ExitCode.Fine;
    }

    private static async Task<LetheHost> StartAsync(LetheSettings settings)
    {
        try
        {
            return await LetheHost.StartAsync(settings);
        }
        catch (HostFault fault)
        {
            throw fault.IsConfiguration ? CommandFailure.Usage(fault.Message) : CommandFailure.Environment(fault.Message, fault);
        }
    }
}
