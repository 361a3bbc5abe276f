using System.CommandLine;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe tail</c>: the last exchanges, then one line per exchange as it is committed, until Ctrl+C.</summary>
internal static class TailCommand
{
    private const int BacklogDefault = 10;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    public static Command Build()
    {
        var json = new Option<bool>("--json") { Description = "One JSON record a line." };
        var lines = new Option<int>("--lines", "-n") { Description = "How many of those before are shown first.", HelpName = "N", DefaultValueFactory = _ => BacklogDefault };
        lines.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 0)
            {
                result.AddError("--lines takes a number from 0.");
            }
        });
        var only = new ExchangeOptions();
        var utc = UtcOption.Create();
        var command = new Command("tail", "Follow exchanges live.") { json, lines, only.Session, only.Harness, only.Model, only.Provider, only.Outcome, only.Since, utc };
        command.SetAction(async (line, _) =>
        {
            using var signal = new TerminationSignal();
            using var reader = StoreFile.Open(GlobalOptions.Require(line));
            var output = line.InvocationConfiguration.Output;
            var live = line.GetValue(json) ? null : new TailView(TerminalConsole.On(output), line.Clock(utc));
            await FollowAsync(reader, only.Read(line, reader), line.GetValue(lines), record => Print(record, output, live), TimeProvider.System, signal.Token);
            return ExitCode.Fine;
        });
        return command;
    }

    private static async Task FollowAsync(StoreReader reader, ExchangeFilter filter, int backlog, Action<ExchangeRecord> print, TimeProvider time, CancellationToken stop)
    {
        var seen = reader.LastChange(Organisation.None);
        ExchangeRecord[] before = backlog == 0 ? [] : [.. reader.Exchanges(Organisation.None, filter with { IsNewestFirst = true, Limit = backlog }).Reverse()];
        Array.ForEach(before, print);
        // Committed between the two looks.
        var shown = before.Select(record => record.ExchangeId).ToHashSet(StringComparer.Ordinal);
        using var tick = new PeriodicTimer(PollInterval, time);
        while (!stop.IsCancellationRequested)
        {
            foreach (var committed in reader.CommittedAfter(Organisation.None, seen))
            {
                seen = committed.Ingested;
                if (filter.Takes(committed.Record) && !shown.Contains(committed.Record.ExchangeId))
                {
                    print(committed.Record);
                }
            }

            try
            {
                await tick.WaitForNextTickAsync(stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static void Print(ExchangeRecord record, TextWriter output, TailView? live)
    {
        if (live is null)
        {
            output.WriteLine(JsonSerializer.Serialize(record, ExchangeRecordJson.Default.ExchangeRecord));
        }
        else
        {
            live.Print(record);
        }

        output.Flush();
    }
}
