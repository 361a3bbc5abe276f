using Lethe.Proxy.Importing;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;
using Spectre.Console;

namespace Lethe.Proxy.Commands;

/// <summary>Transcripts beside the wire, a line a session.</summary>
internal static class ComparisonTable
{
    private const int SessionCharactersMax = 60;

    private static readonly string[] Headings = ["STATE", "CALLS", "WIRE", "ONLY HERE", "ONLY WIRE", "DIFFER", "UNSURE", "IN", "WIRE", "OUT", "WIRE", "COST", "WIRE"];

    public static void Print(IAnsiConsole console, IReadOnlyList<ComparedSession> sessions)
    {
        var table = new Table().NoBorder();
        table.AddColumn(Column("SESSION"));
        foreach (var heading in Headings)
        {
            table.AddColumn(heading == Headings[0] ? Column(heading) : Column(heading).RightAligned());
        }

        foreach (var session in sessions)
        {
            var (here, wire) = (session.Transcript, session.Wire);
            table.AddRow(new[]
            {
                Format.OneLine(session.HarnessSessionId, SessionCharactersMax),
                session.State.Replace('_', ' '),
                Format.Count(here.Calls),
                Format.Count(wire.Calls),
                Format.Count(session.OnlyInTranscript),
                Format.Count(session.OnlyOnWire),
                Format.Count(session.DifferingCalls),
                Format.Count(session.UncertainCalls),
                Format.Count(here.InputTokens),
                Format.Count(wire.InputTokens),
                Format.Count(here.OutputTokens),
                Format.Count(wire.OutputTokens),
                Format.Money(here.CostNanoUsd),
                Format.Money(wire.CostNanoUsd),
            }.Select(cell => new Text(cell)));
        }

        console.Write(table);
    }

    private static TableColumn Column(string heading) => new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))).NoWrap().PadLeft(0).PadRight(1);
}
