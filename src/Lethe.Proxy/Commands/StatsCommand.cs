using System.CommandLine;
using System.Globalization;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;
using Spectre.Console;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe stats</c>: tokens, money and failures, largest cost first; days in their order.</summary>
internal static class StatsCommand
{
    private const int KeyCharactersMax = 48;

    public static Command Build()
    {
        var by = new Option<string>("--by") { Description = string.Join(", ", StatsDocument.Keys) + ".", HelpName = "KEY", DefaultValueFactory = _ => "day" };
        by.AcceptOnlyFromAmong([.. StatsDocument.Keys]);
        var since = TimeOption.Since();
        var json = new Option<bool>("--json") { Description = "One JSON document on stdout." };
        var command = new Command("stats", "Tokens, cost, cache rate, calls and failures.") { by, since, json };
        command.SetAction(line =>
        {
            using var reader = StoreFile.Open(GlobalOptions.Require(line));
            var filter = new FigureFilter { By = StatsDocument.TryKey(line.GetValue(by)!) ?? default, Since = TimeOption.Read(line.GetValue(since), TimeProvider.System) };
            var stats = StatsDocument.Of(reader, [Organisation.None], filter);
            var output = line.InvocationConfiguration.Output;
            if (line.GetValue(json))
            {
                output.WriteLine(ApiJson.Text(stats));
            }
            else
            {
                TerminalConsole.Paged(output, console => Print(console, stats));
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static void Print(IAnsiConsole console, StatsDocument stats)
    {
        var table = new Table().NoBorder();
        foreach (var (heading, isFigure) in Headings(stats.By))
        {
            var column = new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))).NoWrap().PadLeft(0).PadRight(1);
            table.AddColumn(isFigure ? column.RightAligned() : column);
        }

        var rows = stats.By == "day" ? stats.Items : [.. stats.Items.OrderByDescending(row => row.CostNanoUsd).ThenBy(row => row.Key, StringComparer.Ordinal)];
        foreach (var row in rows.Append(stats.Total with { Key = "all" }))
        {
            table.AddRow(new[]
            {
                row.Key.Length == 0 ? "(not told)" : Format.OneLine(row.Key, KeyCharactersMax),
                Format.Count(row.Exchanges),
                Format.Count(row.Turns),
                Format.Count(row.Attempts),
                Format.Count(row.InputTotal),
                Format.Count(row.CacheRead),
                Format.Count(row.CacheWrite),
                row.InputTotal == 0 ? "-" : (100.0 * row.CacheRead / row.InputTotal).ToString("0", CultureInfo.InvariantCulture) + "%",
                Format.Count(row.Output),
                Format.Money(row.CostNanoUsd) + (row.UnpricedTurns > 0 ? "+?" : ""),
            }.Select(cell => new Text(cell)));
        }

        console.Write(table);
    }

    // Days are kept in UTC, hour by hour.
    private static (string Heading, bool IsFigure)[] Headings(string by) =>
    [
        (by == "day" ? "DAY (UTC)" : by.ToUpperInvariant(), false),
        ("CALLS", true), ("TURNS", true), ("FAILED", true), ("IN", true), ("READ", true), ("WRITTEN", true), ("CACHED", true), ("OUT", true), ("COST", true),
    ];
}
