using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;
using Lethe.Proxy.Describing;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Admin;

/// <summary><c>/v1/sessions</c> and what hangs below it.</summary>
internal static class SessionEndpoints
{
    private const int TurnsAtOnceMax = 200;

    public static void MapSessions(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/sessions", List)
            .Takes("roots", "harness", "model", "cwd", "state", "trouble", "q", "since", "until", "sort", "order", "limit", "cursor");
        endpoints.MapGet("/v1/sessions/{id}", Detail);
        endpoints.MapGet("/v1/sessions/{id}/tree", Tree);
        endpoints.MapGet("/v1/sessions/{id}/outline", Outline);
        endpoints.MapGet("/v1/sessions/{id}/turns", Turns).Takes("from", "to", "limit", "cursor");
        endpoints.MapGet("/v1/sessions/{id}/tools", Tools).Takes("status", "limit", "cursor");
        endpoints.MapGet("/v1/facets", Facets).Takes("since", "until");
    }

    /// <summary>What a list of sessions is asked for; what makes no sense is the query's problem.</summary>
    public static SessionQuestion Question(PageQuery query) => new(
        new SessionFilter
        {
            HarnessId = query.Word("harness"),
            Model = query.Word("model"),
            Cwd = query.Word("cwd"),
            Since = query.Time("since"),
            Until = query.Time("until"),
            RootsAlone = query.Flag("roots"),
            Sort = Enum.Parse<SessionSort>(query.OneOf("sort", [.. Enum.GetNames<SessionSort>().Select(name => name.ToLowerInvariant())]) ?? nameof(SessionSort.Last), ignoreCase: true),
            IsSmallestFirst = query.OneOf("order", PageQuery.Orders) == "asc",
            After = query.AfterSession(),
        },
        query.OneOf("state", SessionQuestion.States),
        query.SomeOf("trouble", SessionQuestion.Troubles),
        query.Word("q"));

    private static IResult List(HttpContext context, StoreReader reader, SessionListing listing, TimeProvider time)
    {
        var query = new PageQuery(context, time);
        var limit = query.Limit();
        query.Org(mayBeAll: true);
        var asked = Question(query);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var (sessions, next) = listing.Page(NamedOrgs.Of(context, reader), asked, limit);
        return Results.Json(new Page<SessionSummary>(sessions, next?.ToString()), ApiJson.Default.PageSessionSummary);
    }

    private static IResult Facets(HttpContext context, StoreReader reader, SessionListing listing, TimeProvider time)
    {
        var query = new PageQuery(context, time);
        query.Org(mayBeAll: true);
        var filter = new SessionFilter { Since = query.Time("since"), Until = query.Time("until") };
        return query.Problem ?? Results.Json(FacetsDocument.Of(reader, listing, NamedOrgs.Of(context, reader), filter), ApiJson.Default.FacetsDocument);
    }

    /// <summary>The session that a path means. A harness's own id may hold a slash, which routing leaves encoded.</summary>
    public static SessionDetail? Find(HttpContext context, StoreReader reader, string id) =>
        NamedOrgs.Find(context, reader, org => reader.Session(org, Uri.UnescapeDataString(id)));

    private static IResult Detail(string id, HttpContext context, StoreReader reader, SessionListing listing) => Find(context, reader, id) is { } detail
        ? Results.Json(listing.Told(detail.Session.OrgId, detail), ApiJson.Default.SessionDetail)
        : NoSession(id);

    private static IResult Tree(string id, HttpContext context, StoreReader reader, SessionListing listing) => Find(context, reader, id) is { } detail
        ? Results.Json(TreeDocument.Of(reader, listing, detail), ApiJson.Default.TreeDocument)
        : NoSession(id);

    private static IResult Outline(string id, HttpContext context, StoreReader reader) => Find(context, reader, id) is { } detail
        ? Results.Json(OutlineDocument.Of(reader, detail.Session), ApiJson.Default.OutlineDocument)
        : NoSession(id);

    /// <summary>A page of them behind a cursor, or the turns from one number to another.</summary>
    private static IResult Turns(string id, HttpContext context, StoreReader reader, TimeProvider time)
    {
        var query = new PageQuery(context, time);
        var limit = query.Limit();
        var after = query.AfterExchange();
        var (from, to) = (query.Number("from"), query.Number("to"));
        if (to - (from ?? 1) is < 0 or >= TurnsAtOnceMax)
        {
            query.Refuse("to", $"from 'from' on, and at most {TurnsAtOnceMax} turns at once.");
        }

        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (Find(context, reader, id) is not { } detail)
        {
            return NoSession(id);
        }

        var session = detail.Session;
        if (from is not null || to is not null)
        {
            var (first, last) = (from ?? 1, to ?? ((from ?? 1) + limit - 1));
            ConversationTurn[] asked = [.. reader.ConversationBetween(session.OrgId, session.SessionId, first, last)];
            return Results.Json(
                new Page<ConversationTurn>(asked, asked.Length > 0 && last < session.Counters.Turns ? ExchangeCursor.Of(asked[^1].Exchange).ToString() : null), ApiJson.Default.PageConversationTurn);
        }

        var turns = reader.ConversationAfter(session.OrgId, session.SessionId, after).Take(limit + 1).ToArray();
        var page = new Page<ConversationTurn>(
            [.. turns.Take(limit)],
            turns.Length > limit ? ExchangeCursor.Of(turns[limit - 1].Exchange).ToString() : null);
        return Results.Json(page, ApiJson.Default.PageConversationTurn);
    }

    /// <summary>What became of its tool calls: of all, or of those that stand so; <c>orphaned</c> are those that nobody ever answered.</summary>
    private static IResult Tools(string id, HttpContext context, StoreReader reader, TimeProvider time)
    {
        var query = new PageQuery(context, time);
        var (limit, after, statuses) = (query.Limit(), query.AfterTool(), query.SomeOf("status", ToolStatus.All));
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (Find(context, reader, id) is not { } detail)
        {
            return NoSession(id);
        }

        var (calls, next) = reader.ToolCalls(detail.Session.OrgId, detail.Session.SessionId, statuses, after, limit);
        return Results.Json(new Page<ToolCallOutcome>(calls, next?.ToString()), ApiJson.Default.PageToolCallOutcome);
    }

    public static IResult NoSession(string id) => ProblemDocument.Of(
        StatusCodes.Status404NotFound, "session_not_found", "No such session.", $"No session, or more than one, answers to '{id}'.");
}
