using System.CommandLine;
using System.Data.Common;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Exec;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe exec</c>: runs an agent through a running lethe, or through one of its own, and tells what was captured.</summary>
internal static class ExecCommand
{
    private const string Verb = "exec";
    private const string AnyPort = "http://127.0.0.1:0";

    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LagPoll = TimeSpan.FromMilliseconds(100);

    private static readonly string[] TakeValue = [.. new Option[] { GlobalOptions.Data, GlobalOptions.Listen, GlobalOptions.Admin, GlobalOptions.ExtProc, GlobalOptions.Set }.Select(option => option.Name)];

    private static readonly Argument<string[]> Line = new("CMD")
    {
        Description = "The command and its arguments, passed on unchanged.",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Build()
    {
        var command = new Command(Verb, "Run an agent with its model calls sent through lethe; exit with its code.") { Line };
        command.SetAction((line, _) => RunAsync(GlobalOptions.Require(line, withWorkingDirectory: false), line.GetRequiredValue(Line), line.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>Puts <c>--</c> before the agent's command line, so that its options are never taken for ours.</summary>
    public static IReadOnlyList<string> Separate(IReadOnlyList<string> args)
    {
        var seenVerb = false;
        for (var i = 0; i < args.Count && args[i] != "--"; i++)
        {
            if (args[i].StartsWith('-'))
            {
                var takesNext = TakeValue.Contains(args[i])
                    || (args[i].StartsWith("--Lethe:", StringComparison.OrdinalIgnoreCase) && !args[i].Contains('=', StringComparison.Ordinal));
                i += takesNext ? 1 : 0;
            }
            else if (seenVerb)
            {
                return [.. args.Take(i), "--", .. args.Skip(i)];
            }
            else if (args[i] == Verb)
            {
                seenVerb = true;
            }
            else
            {
                return args;
            }
        }

        return args;
    }

    private static async Task<int> RunAsync(LetheSettings settings, string[] command, TextWriter error)
    {
        var running = ListeningDoors.Find(settings.Options.DataDirectory);
        var world = ExecEnvironment.Here(settings.Options, running);
        var plan = ExecPlan.Make(world, command) with { Program = AgentProgram.Find(world, command[0]) };
        await TellAsync(plan, error);
        if (running is null)
        {
            return await ThroughOwnAsync(settings, plan, error);
        }

        RefuseOtherUpstreams(running, plan);
        using var staying = SharedInstanceLock.Enter(settings.Options.DataDirectory);
        var run = await RunAgentAsync(settings, running, plan, error);
        await EndAsync(() => UntilStoredAsync(settings, running), settings, run, running.Admin, error);
        return run.ExitCode;
    }

    /// <summary>Where the agent's calls will go is told before they do.</summary>
    private static async Task TellAsync(ExecPlan plan, TextWriter error)
    {
        foreach (var route in plan.Routes)
        {
            await error.WriteLineAsync($"lethe: calls to {route.Upstream} go to {route.Address} ({route.Source})");
        }

        if (plan.Routes.Count == 0)
        {
            await error.WriteLineAsync("lethe: calls go to each vendor's usual address");
        }

        foreach (var note in plan.Notes)
        {
            await error.WriteLineAsync("lethe: " + note);
        }
    }

    /// <summary>The running lethe goes where it was told at its start; an agent with a gateway of its own would end up elsewhere.</summary>
    private static void RefuseOtherUpstreams(ListeningDoors running, ExecPlan plan)
    {
        foreach (var (name, upstream) in plan.Upstreams)
        {
            throw CommandFailure.Environment(
                $"{Path.GetFileName(plan.Program)} would use {BaseAddresses.Shown(upstream.Address)}, where the lethe that runs (process {running.ProcessId}) does not forward to. "
                + $"Start that one with --Lethe:Upstreams:{name}:Address={BaseAddresses.Shown(upstream.Address)}, or give exec another --data directory.");
        }
    }

    private static async Task<int> ThroughOwnAsync(LetheSettings settings, ExecPlan plan, TextWriter error)
    {
        Prepare(settings.Options, plan);
        var host = await StartAsync(settings);
        await using var closing = host;
        var run = await RunAgentAsync(settings, host.Doors, plan, error);
        using var alone = await SharedInstanceLock.WhenGoneAsync(settings.Options.DataDirectory, error);
        using var patience = new CancellationTokenSource(DrainMax);
        // A stop takes in what was said; nothing is left to be waited for.
        await EndAsync(() => host.StopAsync(patience.Token), settings, run, page: null, error);
        return run.ExitCode;
    }

    /// <summary>Doors of its own beside whatever else runs, and the upstreams that the agent would have used.</summary>
    private static void Prepare(LetheOptions options, ExecPlan plan)
    {
        var defaults = new LetheOptions();
        options.Listen = options.Listen == defaults.Listen ? AnyPort : options.Listen;
        options.AdminListen = options.AdminListen == defaults.AdminListen ? AnyPort : options.AdminListen;
        options.ExtProc.Listen = options.ExtProc.Listen == defaults.ExtProc.Listen ? "" : options.ExtProc.Listen;
        foreach (var (name, upstream) in plan.Upstreams)
        {
            if (!options.Upstreams.TryGetValue(name, out var configured))
            {
                options.Upstreams[name] = configured = new UpstreamOptions();
            }

            configured.Address = upstream.Address;
            configured.Provider ??= upstream.Provider;
        }
    }

    private static async Task<LetheHost> StartAsync(LetheSettings settings)
    {
        try
        {
            // The terminal is the agent's: no log line may fall into it.
            return await LetheHost.StartAsync(settings, services => services.AddLogging(logging => logging.ClearProviders()));
        }
        catch (HostFault fault)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
    }

    private static async Task<RecordedRun> RunAgentAsync(LetheSettings settings, ListeningDoors doors, ExecPlan plan, TextWriter error)
    {
        await error.WriteLineAsync($"lethe: recording {Path.GetFileName(plan.Program)} through {doors.Forwarding} into {settings.Options.DataDirectory} (look: lethe tail, {doors.Admin}/)");
        return await RecordedRun.OfAsync(plan, doors.Forwarding, error);
    }

    /// <summary>What this run added, once it is stored. The agent has ended, and its exit code stands: what goes wrong with the record now is told, no more.</summary>
    private static async Task EndAsync(Func<Task> untilStored, LetheSettings settings, RecordedRun run, string? page, TextWriter error)
    {
        try
        {
            await untilStored();
            foreach (var line in RunSummary.Of(run.Exchanges(StoreFile.Open(settings), DataLayout.Journal(settings.Options.DataDirectory)), page))
            {
                await error.WriteLineAsync(line);
            }
        }
        catch (Exception fault) when (fault is CommandFailure or IOException or UnauthorizedAccessException or DbException or StoreRefusedException)
        {
            await error.WriteLineAsync(CommandEnding.Of(fault).Line);
        }
        catch (HostFault fault)
        {
            await error.WriteLineAsync("lethe: " + fault.Message);
        }
    }

    /// <summary>Until the lethe that runs has stored all that it has heard, as it says itself; others may go on for ever.</summary>
    private static async Task UntilStoredAsync(LetheSettings settings, ListeningDoors running)
    {
        var store = StoreFile.Open(settings);
        using var lag = new IngestLag(running.Admin);
        using var patience = new CancellationTokenSource(DrainMax);
        try
        {
            // What is read is not committed yet: no lag at two looks, and nothing committed between them.
            for (var (last, behind) = (-1L, true); behind || last != store.LastChange(Organisation.None); await Task.Delay(LagPoll, TimeProvider.System, patience.Token))
            {
                last = store.LastChange(Organisation.None);
                behind = await lag.IsBehindAsync(patience.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The summary tells what is stored by now.
        }
    }
}
