using System.CommandLine;
using System.Globalization;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;
using Spectre.Console;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe search TEXT</c>: where something was said, newest first. Exits 1 when it was said nowhere.</summary>
internal static class SearchCommand
{
    public static Command Build()
    {
        var text = new Argument<string>("TEXT") { Description = "Words, their beginnings (retr*), pieces of code and ids, or \"an exact phrase\"." };
        var parts = new Option<string[]>("--in") { Description = string.Join(", ", SearchWords.Parts) + "; everywhere when none is named.", HelpName = "PART", AllowMultipleArgumentsPerToken = true };
        parts.AcceptOnlyFromAmong([.. SearchWords.Parts]);
        var session = new Option<string?>("--session") { Description = "Only in this session: an id, the beginning of one, or the harness's own.", HelpName = "S" };
        var harness = new Option<string?>("--harness") { Description = "Only of this harness, e.g. claude-code.", HelpName = "H" };
        var model = new Option<string?>("--model") { Description = "Only of this model.", HelpName = "M" };
        var kind = new Option<string?>("--kind") { Description = "Only in calls of this kind, e.g. main, sub_agent, compaction.", HelpName = "K" };
        var since = TimeOption.Since();
        var limit = new Option<int>("--limit") { Description = "How many at most.", HelpName = "N", DefaultValueFactory = _ => SearchWords.LimitDefault };
        var until = TimeOption.Until();
        var utc = UtcOption.Create();
        var json = new Option<bool>("--json") { Description = "One JSON document on stdout." };
        var command = new Command("search", "Where something was said, newest first.") { text, parts, session, harness, model, kind, since, until, limit, json, utc };
        command.SetAction(line =>
        {
            var query = SearchQuery.TryParse(line.GetRequiredValue(text), out var fault) ?? throw CommandFailure.Usage($"this is no query, {SearchWords.Fault(fault!)}");
            using var reader = StoreFile.Open(GlobalOptions.Require(line));
            var page = Whole(reader, query, new SearchFilter
            {
                Parts = [.. (line.GetValue(parts) ?? []).Select(SearchWords.TryPart).OfType<SearchPart>()],
                SessionId = line.GetValue(session) is { } word ? SessionWord.Find(reader, word).Session.SessionId : null,
                HarnessId = line.GetValue(harness),
                Model = line.GetValue(model),
                Since = TimeOption.Read(line.GetValue(since), TimeProvider.System),
                Until = TimeOption.Read(line.GetValue(until), TimeProvider.System),
                Kind = line.GetValue(kind),
                Limit = Math.Max(1, line.GetValue(limit)),
            });
            var output = line.InvocationConfiguration.Output;
            if (line.GetValue(json))
            {
                output.WriteLine(ApiJson.Text(FoundDocument.Of(page)));
            }
            else
            {
                TerminalConsole.Paged(output, console => Print(console, page, line.Clock(utc)));
            }

            return page.Hits.Count > 0 ? ExitCode.Fine : ExitCode.NotFine;
        });
        return command;
    }

    // Of a phrase whose words are frequent a page may hold little or nothing, and the next one more.
    private static SearchPage Whole(StoreReader reader, SearchQuery query, SearchFilter filter)
    {
        var hits = new List<SearchHit>();
        while (true)
        {
            var page = reader.Search(Organisation.None, query, filter with { Limit = filter.Limit - hits.Count });
            hits.AddRange(page.Hits);
            if (page.NextCursor is null || hits.Count >= filter.Limit)
            {
                return page with { Hits = hits };
            }

            filter = filter with { After = page.NextCursor };
        }
    }

    private static void Print(IAnsiConsole console, SearchPage page, Clock clock)
    {
        foreach (var hit in page.Hits)
        {
            console.Write(new Text($"{clock.Moment(hit.At)}  {Format.OneLine(hit.HarnessId, 20)}  {Place(hit)}  {hit.Role}{(hit.Tool is { } tool ? " " + Format.OneLine(tool, 40) : "")}\n", new Style(Color.Grey)));
            var told = new Paragraph("  ");
            foreach (var run in hit.Snippet)
            {
                told.Append(Printable.Line(run.Text), run.IsHit ? new Style(Color.Yellow, decoration: Decoration.Bold) : Style.Plain);
            }

            console.Write(told.Append("\n"));
        }

        if (page.Hits.Count == 0)
        {
            console.WriteLine("It was said nowhere.");
        }

        if (page.NextCursor is not null || page.Behind > 0)
        {
            console.WriteLine(string.Join("; ", ((string?[])[page.NextCursor is null ? null : "there is more: --limit shows it", page.Behind > 0 ? $"{page.Behind} exchanges are not indexed yet" : null]).OfType<string>()));
        }
    }

    private static string Place(SearchHit hit) => hit switch
    {
        { SessionId: { } session, Turn: { } turn } => $"{SessionTree.ShortId(session)} turn {turn.ToString(CultureInfo.InvariantCulture)}",
        { SessionId: { } session } => SessionTree.ShortId(session),
        _ => hit.ExchangeId,
    };
}
