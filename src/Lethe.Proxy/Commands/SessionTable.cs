using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;
using Spectre.Console;

namespace Lethe.Proxy.Commands;

/// <summary>The list of sessions, one line each whatever the window's width: words are cut before figures, and whole columns before a line would wrap.</summary>
internal static class SessionTable
{
    private const int Gap = 1;

    private static readonly Style Dim = new(Color.Grey);

    private static readonly Column[] Columns =
    [
        new("SESSION"),
        new("HARNESS"),
        new("STATE", Loss: 1),
        new("LAST SEEN"),
        new("TURNS", IsFigure: true),
        new("FAILED", IsFigure: true),
        new("IN", IsFigure: true),
        new("OUT", IsFigure: true),
        new("TOOLS", IsFigure: true, Loss: 3),
        new("COST", IsFigure: true),
        new("MODEL", WidthMin: 12, Loss: 4),
        new("TITLE", WidthMin: 8, Loss: 2),
    ];

    public static void Print(IAnsiConsole console, IReadOnlyList<SessionSummary> sessions, Clock clock)
    {
        var rows = SessionTree.Lines(sessions).Select(line => Cells(line.Session, line.Guide, clock)).ToArray();
        var widths = Fit([.. Columns.Select((column, at) => Math.Max(column.Heading.Length, rows.Max(row => row[at].Text.Length)))], console.Profile.Width);
        var shown = Enumerable.Range(0, Columns.Length).Where(at => widths[at] > 0).ToArray();
        var table = new Table().NoBorder();
        foreach (var at in shown)
        {
            var column = new TableColumn(new Text(Columns[at].Heading, new Style(decoration: Decoration.Bold))).NoWrap().PadLeft(0).PadRight(Gap);
            table.AddColumn(Columns[at].IsFigure ? column.RightAligned() : column);
        }

        foreach (var row in rows)
        {
            table.AddRow(shown.Select(at => new Text(Format.OneLine(row[at].Text, widths[at]), row[at].Style)));
        }

        console.Write(table);
    }

    /// <summary>Widths whose sum the window holds; 0 for a column that is left out. Titles are cut first, then models.</summary>
    private static int[] Fit(int[] widths, int room)
    {
        foreach (var at in Enumerable.Range(0, Columns.Length).Where(at => Columns[at].WidthMin > 0).Reverse())
        {
            widths[at] -= Math.Clamp(Needed() - room, 0, Math.Max(0, widths[at] - Columns[at].WidthMin));
        }

        foreach (var at in Enumerable.Range(0, Columns.Length).Where(at => Columns[at].Loss > 0).OrderBy(at => Columns[at].Loss))
        {
            widths[at] = Needed() > room ? 0 : widths[at];
        }

        return widths;

        int Needed() => widths.Sum(width => width > 0 ? width + Gap : 0);
    }

    private static (string Text, Style? Style)[] Cells(SessionSummary session, string guide, Clock clock)
    {
        var counters = session.Counters;
        return
        [
            (guide + SessionTree.ShortId(session.SessionId), session.IsPlaceholder ? Dim : new Style(Color.Aqua)),
            (Format.OneLine(session.HarnessId, 20), null),
            (session.State ?? "-", Dim),
            (session.IsPlaceholder ? "not seen" : clock.Moment(session.LastSeenAt), Dim),
            (Format.Count(counters.Turns), null),
            (Format.Count(counters.Attempts), counters.Attempts > 0 ? new Style(Color.Yellow) : Dim),
            (Format.Count(counters.InputTotal), null),
            (Format.Count(counters.Output), null),
            (Format.Count(counters.ToolCalls), null),
            (Format.Money(counters.CostNanoUsd) + (counters.UnpricedTurns > 0 ? "+?" : ""), new Style(Color.Green)),
            (Format.OneLine(session.Models.Count > 0 ? session.Models[0] : "-", 32), null),
            (Format.OneLine(session.Title ?? session.HarnessSessionId, 40), Dim),
        ];
    }

    /// <param name="WidthMin">What is left when the words are cut; 0 for a column that is never cut.</param>
    /// <param name="Loss">The lower, the sooner the column goes; 0 for one that stays.</param>
    private sealed record Column(string Heading, bool IsFigure = false, int WidthMin = 0, int Loss = 0);
}
