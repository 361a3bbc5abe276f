using System.CommandLine;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;
using Spectre.Console;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe sessions</c>: newest first, children under their parents.</summary>
internal static class SessionsCommand
{
    private const int LimitDefault = 50;

    public static Command Build()
    {
        var json = new Option<bool>("--json") { Description = "One JSON array on stdout." };
        var harness = new Option<string?>("--harness") { Description = "Only sessions of this harness, e.g. claude-code.", HelpName = "H" };
        var since = TimeOption.Since();
        var limit = new Option<int>("--limit") { Description = "How many sessions at most.", HelpName = "N", DefaultValueFactory = _ => LimitDefault };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--limit takes a number from 1.");
            }
        });
        var utc = UtcOption.Create();
        var command = new Command("sessions", "List sessions, newest first, sub-agents under their parents.") { json, harness, since, limit, utc };
        command.SetAction(line =>
        {
            var filter = new SessionFilter
            {
                HarnessId = line.GetValue(harness),
                Since = TimeOption.Read(line.GetValue(since), TimeProvider.System),
                Limit = line.GetValue(limit),
            };
            using var reader = StoreFile.Open(GlobalOptions.Require(line));
            var sessions = new SessionListing(reader, TimeProvider.System).Told(Organisation.None, reader.Sessions(Organisation.None, filter));
            var output = line.InvocationConfiguration.Output;
            if (line.GetValue(json))
            {
                output.WriteLine(ApiJson.Text(sessions));
            }
            else
            {
                TerminalConsole.Paged(output, console => Print(console, sessions, line.Clock(utc)));
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static void Print(IAnsiConsole console, IReadOnlyList<SessionSummary> sessions, Clock clock)
    {
        if (sessions.Count == 0)
        {
            console.WriteLine("No sessions yet.");
            return;
        }

        SessionTable.Print(console, sessions, clock);
    }
}
