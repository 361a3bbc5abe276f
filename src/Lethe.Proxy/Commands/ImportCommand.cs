using System.CommandLine;
using System.Text.Json;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Importing;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>
/// <c>lethe import PATH…</c>: files, and folders of them, through the ingest door of the lethe that runs, or of one that runs as long as this takes. What is there
/// already is recognised, so that it may be given again where it stopped. Exits 1 when something was not taken, or where transcript and wire disagree.
/// </summary>
internal static class ImportCommand
{
    private const string AnyPort = "http://127.0.0.1:0";
    private const string Auto = "auto";

    public static Command Build()
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Transcripts of Claude Code and Codex, HAR files, mitmproxy's flows, lethe's turn events, tapes' payloads; or folders of them.",
            Arity = ArgumentArity.OneOrMore,
        };
        var format = new Option<string>("--format") { Description = "What the files are; by default each one's beginning tells.", HelpName = "FORMAT", DefaultValueFactory = _ => Auto };
        format.AcceptOnlyFromAmong([Auto, .. ImportFormat.All.Select(one => one.Name)]);
        var dryRun = new Option<bool>("--dry-run") { Description = "Store nothing: tell what would be taken in." };
        var compare = new Option<bool>("--compare") { Description = "Store nothing: tell where transcripts and the wire disagree." };
        var org = new Option<Guid?>("--org") { Description = "The organisation whose the calls are, a UUID; compared are those of all, or of this one.", HelpName = "O" };
        var json = new Option<bool>("--json") { Description = "One JSON document on stdout." };
        var command = new Command("import", "Take in what was captured elsewhere; safe to repeat.") { paths, format, dryRun, compare, org, json };
        command.SetAction((line, cancel) =>
        {
            var asked = new Asked(line.GetRequiredValue(paths), ImportFormat.All.FirstOrDefault(one => one.Name == line.GetValue(format)), line.GetValue(dryRun), line.GetValue(json), line.GetValue(org)?.ToString(), line);
            return line.GetValue(compare) ? CompareAsync(asked, cancel) : TakeAsync(asked, cancel);
        });
        return command;
    }

    private static async Task<int> TakeAsync(Asked asked, CancellationToken cancel)
    {
        var settings = asked.Settings;
        if (RunningLethe.Find(settings.Options.DataDirectory) is { } running)
        {
            using (running)
            {
                return await TakeAsync(running, asked, cancel);
            }
        }

        return await ThroughOwnAsync(settings, asked, cancel);
    }

    private static async Task<int> ThroughOwnAsync(LetheSettings settings, Asked asked, CancellationToken cancel)
    {
        (settings.Options.Listen, settings.Options.AdminListen, settings.Options.ExtProc.Listen) = (AnyPort, AnyPort, "");
        try
        {
            await using var host = await LetheHost.StartAsync(settings, services => services.AddLogging(logging => logging.ClearProviders()), cancel);
            using var own = new RunningLethe(host.Doors.Admin);
            return await TakeAsync(own, asked, cancel);
        }
        catch (HostFault fault)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
    }

    private static async Task<int> TakeAsync(RunningLethe lethe, Asked asked, CancellationToken cancel)
    {
        using var progress = Progress.Of(asked.Line);
        var run = new ImportRun(lethe, asked.Files, asked.IsDry, asked.Org, progress, asked.Error, cancel);
        foreach (var path in asked.Paths)
        {
            await run.TakeAsync(path);
        }

        var outcome = run.Outcome;
        await asked.Output.WriteLineAsync(asked.IsJson ? JsonSerializer.Serialize(outcome, ImportJson.Default.ImportOutcome) : outcome.ToString());
        return outcome.Conflicts + outcome.Rejected == 0 ? ExitCode.Fine : ExitCode.NotFine;
    }

    private static async Task<int> CompareAsync(Asked asked, CancellationToken cancel)
    {
        using var progress = Progress.Of(asked.Line);
        using var reader = StoreFile.Open(asked.Settings);
        var disagreements = new Disagreements(reader);
        var (calls, isRead) = (0L, true);
        foreach (var path in asked.Paths)
        {
            progress.Begin(path);
            await foreach (var (file, item) in asked.Files.ReadAsync(path, cancel))
            {
                if (item.Call is { } call)
                {
                    disagreements.Add(call);
                    progress.Count(++calls);
                }
                else if (item.Fault is { } fault)
                {
                    isRead = false;
                    await asked.Error.WriteLineAsync($"{file}:{item.Place}: {fault}");
                }
            }
        }

        var sessions = disagreements.Compare(asked.Org is { } org ? [org] : reader.Organisations());
        if (asked.IsJson)
        {
            await asked.Output.WriteLineAsync(JsonSerializer.Serialize(sessions, ImportJson.Default.IReadOnlyListComparedSession));
        }
        else
        {
            ComparisonTable.Print(TerminalConsole.On(asked.Output), sessions);
        }

        return isRead && sessions.All(session => session.State != "differs") ? ExitCode.Fine : ExitCode.NotFine;
    }

    private sealed class Asked
    {
        public Asked(string[] paths, ImportFormat? format, bool isDry, bool isJson, string? org, ParseResult line)
        {
            if (Array.Find(paths, path => !File.Exists(path) && !Directory.Exists(path)) is { } none)
            {
                throw CommandFailure.Environment($"There is no file {none}.");
            }

            (Paths, IsDry, IsJson, Org, Line) = (paths, isDry, isJson, org, line);
            Files = new ImportFiles(format, TimeProvider.System);
            Settings = GlobalOptions.Require(line);
        }

        public string[] Paths { get; }

        public bool IsDry { get; }

        public bool IsJson { get; }

        /// <summary>Null where none is named.</summary>
        public string? Org { get; }

        public ParseResult Line { get; }

        public ImportFiles Files { get; }

        public LetheSettings Settings { get; }

        public TextWriter Output => Line.InvocationConfiguration.Output;

        public TextWriter Error => Line.InvocationConfiguration.Error;
    }
}
