using Lethe.Ingest.Reading;
using Lethe.Proxy.Describing;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Admin;

/// <summary><c>/v1/search</c>: where something was said.</summary>
internal static class SearchEndpoints
{
    public static void MapSearch(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/v1/search", Search).Takes("q", "in", "session", "harness", "model", "kind", "since", "until", "limit", "cursor");

    /// <summary>The filters of a search; what makes no sense is the query's problem.</summary>
    public static SearchFilter Filter(PageQuery query) => new()
    {
        Parts = Parts(query),
        SessionId = Session(query),
        HarnessId = query.Word("harness"),
        Model = query.Word("model"),
        Kind = query.Word("kind"),
        Since = query.Time("since"),
        Until = query.Time("until"),
        After = query.AfterFound(),
        Limit = query.Limit(),
    };

    private static IResult Search(HttpContext context, StoreReader reader, TimeProvider time)
    {
        var query = new PageQuery(context, time);
        var org = query.Org();
        var filter = Filter(query);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        return SearchQuery.TryParse(query.Word("q") ?? "", out var fault) is { } asked
            ? Results.Json(FoundDocument.Of(reader.Search(org, asked, filter)), ApiJson.Default.FoundDocument)
            : new ProblemDocument("This is no query.", StatusCodes.Status400BadRequest, "invalid_query", $"q: {SearchWords.Fault(fault!)}") { Parameter = "q" };
    }

    private static SearchPart[] Parts(PageQuery query)
    {
        var parts = new List<SearchPart>();
        foreach (var name in query.Words("in"))
        {
            if (SearchWords.TryPart(name) is { } part)
            {
                parts.Add(part);
            }
            else
            {
                query.Refuse("in", $"'{name}' is none of {string.Join(", ", SearchWords.Parts)}.");
            }
        }

        return [.. parts];
    }

    private static string? Session(PageQuery query)
    {
        var session = query.Word("session");
        if (session is not null && !Guid.TryParseExact(session, "D", out _))
        {
            query.Refuse("session", $"'{session}' is no session id.");
        }

        return session;
    }
}
