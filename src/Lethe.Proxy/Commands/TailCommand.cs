using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;
using Spectre.Console;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe tail</c>: one line per exchange as it is committed, from now on, until Ctrl+C.</summary>
internal static class TailCommand
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    public static Command Build()
    {
        var json = new Option<bool>("--json") { Description = "One JSON record a line." };
        var command = new Command("tail", "Follow exchanges live.") { json };
        command.SetAction(async (line, _) =>
        {
            using var signal = new TerminationSignal();
            var output = line.InvocationConfiguration.Output;
            var console = line.GetValue(json) ? null : TerminalConsole.On(output);
            await FollowAsync(StoreFile.Open(GlobalOptions.Require(line)), record => Print(record, output, console), TimeProvider.System, signal.Token);
            return ExitCode.Fine;
        });
        return command;
    }

    private static async Task FollowAsync(StoreReader reader, Action<ExchangeRecord> print, TimeProvider time, CancellationToken stop)
    {
        var seen = reader.LastChange(Organisation.None);
        using var tick = new PeriodicTimer(PollInterval, time);
        while (!stop.IsCancellationRequested)
        {
            foreach (var committed in reader.CommittedAfter(Organisation.None, seen))
            {
                seen = committed.Ingested;
                print(committed.Record);
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

    private static void Print(ExchangeRecord record, TextWriter output, IAnsiConsole? console)
    {
        if (console is null)
        {
            output.WriteLine(JsonSerializer.Serialize(record, ExchangeRecordJson.Default.ExchangeRecord));
            output.Flush();
            return;
        }

        var fine = record.Outcome == "completed";
        console.Write(new Text(Format.OneLine(Line(record), 1000), fine ? Style.Plain : new Style(Color.Yellow)));
        console.WriteLine();
        output.Flush();
    }

    private static string Line(ExchangeRecord record)
    {
        var session = record.Session is { } known ? SessionTree.ShortId(known.Id) : "-";
        var turn = record.Turn.Seq is { } seq ? "#" + seq.ToString(CultureInfo.InvariantCulture) : $"attempt {record.Turn.Attempt}";
        var tools = record.Reply is { ToolCalls.Count: > 0 } reply ? "  → " + string.Join(", ", reply.ToolCalls.Select(call => call.Name)) : "";
        return $"{record.CapturedAt[11..19]}  {record.Harness.Id,-12} {session,-8} {turn,-10} {record.Status?.ToString(CultureInfo.InvariantCulture) ?? "---"} "
            + $"{record.Outcome,-16} {record.ModelServed ?? record.ModelRequested ?? record.Method + " " + record.Path}  "
            + $"in {Format.Count(record.Usage?.InputTokens)} out {Format.Count(record.Usage?.OutputTokens)}  {Format.Money(record)}  {Format.Duration(record.Timing.DurationMs)}{tools}";
    }
}
