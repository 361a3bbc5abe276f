using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Importing;
using Lethe.Proxy.IngestApi;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>
/// <c>lethe import PATH…</c>: files of lethe's turn events and tapes' payloads, a line each, through the ingest door of the lethe that runs, or of one that runs as
/// long as this takes. What is there already is recognised, so that it may be given again where it stopped. Exits 1 when a line was not taken.
/// </summary>
internal static class ImportCommand
{
    private const string AnyPort = "http://127.0.0.1:0";

    public static Command Build()
    {
        var paths = new Argument<string[]>("PATH") { Description = "Files of JSON lines: lethe's turn events, tapes' payloads.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("import", "Take in what was captured elsewhere; safe to repeat.") { paths };
        command.SetAction(async (line, cancel) =>
        {
            var settings = GlobalOptions.Require(line);
            var files = line.GetRequiredValue(paths);
            if (Array.Find(files, file => !File.Exists(file)) is { } none)
            {
                throw CommandFailure.Environment($"There is no file {none}.");
            }

            using var progress = Progress.Of(line);
            if (RunningLethe.Find(settings.Options.DataDirectory) is { } running)
            {
                using (running)
                {
                    return await RunAsync(running, files, line, progress, cancel);
                }
            }

            return await ThroughOwnAsync(settings, files, line, progress, cancel);
        });
        return command;
    }

    private static async Task<int> ThroughOwnAsync(LetheSettings settings, string[] files, ParseResult line, Progress progress, CancellationToken cancel)
    {
        (settings.Options.Listen, settings.Options.AdminListen, settings.Options.ExtProc.Listen) = (AnyPort, AnyPort, "");
        try
        {
            await using var host = await LetheHost.StartAsync(settings, services => services.AddLogging(logging => logging.ClearProviders()), cancel);
            using var own = new RunningLethe(host.Doors.Admin);
            return await RunAsync(own, files, line, progress, cancel);
        }
        catch (HostFault fault)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
    }

    private static async Task<int> RunAsync(RunningLethe lethe, string[] files, ParseResult line, Progress progress, CancellationToken cancel)
    {
        var (accepted, duplicate, conflict, rejected) = (0L, 0L, 0L, 0L);
        foreach (var path in files)
        {
            progress.Begin(path);
            using var file = new StreamReader(path, Encoding.UTF8);
            var lines = new ImportedLines(file);
            while (await lines.NextAsync(cancel) is { } piece)
            {
                using var content = new StringContent(piece, Encoding.UTF8);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
                var told = await lethe.AskAsync(HttpMethod.Post, "/v1/ingest?results=errors", IngestJson.Default.LinesResult, cancel, content);
                (accepted, duplicate, conflict, rejected) = (accepted + told.Accepted, duplicate + told.Duplicate, conflict + told.Conflict, rejected + told.Rejected);
                foreach (var item in told.Results.Where(item => item.Status is ItemResult.Conflict or ItemResult.Rejected))
                {
                    await line.InvocationConfiguration.Error.WriteLineAsync($"{path}:{lines.FirstLine + item.Line - 1}: {item.Code} {item.Detail}".TrimEnd());
                }

                progress.Count(accepted + duplicate);
            }
        }

        await line.InvocationConfiguration.Output.WriteLineAsync($"{accepted} taken in, {duplicate} known, {conflict} in conflict, {rejected} rejected");
        return conflict + rejected == 0 ? ExitCode.Fine : ExitCode.NotFine;
    }
}
