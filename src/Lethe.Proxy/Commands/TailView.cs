using System.Globalization;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;
using Spectre.Console;

namespace Lethe.Proxy.Commands;

/// <summary>An exchange in one line.</summary>
internal sealed class TailView(IAnsiConsole console, Clock clock)
{
    private const int ColumnsMax = 1000;

    public void Print(ExchangeRecord record)
    {
        console.Write(new Text(Format.OneLine(Line(record), ColumnsMax), record.Outcome == "completed" ? Style.Plain : new Style(Color.Yellow)));
        console.WriteLine();
    }

    private string Line(ExchangeRecord record)
    {
        var session = record.Session is { } known ? SessionTree.ShortId(known.Id) : "-";
        var turn = record.Turn.Seq is { } seq ? "#" + seq.ToString(CultureInfo.InvariantCulture) : $"attempt {record.Turn.Attempt}";
        var tools = record.Reply is { ToolCalls.Count: > 0 } reply ? "  → " + string.Join(", ", reply.ToolCalls.Select(call => call.Name)) : "";
        return $"{clock.TimeOfDay(record.CapturedAt)}  {record.Harness.Id,-12} {session,-8} {turn,-10} {record.Status?.ToString(CultureInfo.InvariantCulture) ?? "---"} "
            + $"{record.Outcome,-16} {record.ModelServed ?? record.ModelRequested ?? record.Method + " " + record.Path}  "
            + $"in {Format.Count(record.Usage?.InputTokens)} out {Format.Count(record.Usage?.OutputTokens)}  {Format.Money(record)}  {Format.Duration(record.Timing.DurationMs)}{tools}";
    }
}
