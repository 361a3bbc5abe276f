using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Admin;

/// <summary><c>/v1/sessions</c> and what hangs below it.</summary>
internal static class SessionEndpoints
{
    public static void MapSessions(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/sessions", List);
        endpoints.MapGet("/v1/sessions/{id}", Detail);
        endpoints.MapGet("/v1/sessions/{id}/turns", Turns);
    }

    private static IResult List(HttpContext context, StoreReader reader, TimeProvider time)
    {
        var query = new PageQuery(context, time);
        var limit = query.Limit();
        query.Org(mayBeAll: true);
        var filter = new SessionFilter
        {
            HarnessId = query.Word("harness"),
            Cwd = query.Word("cwd"),
            Since = query.Time("since"),
            Until = query.Time("until"),
            After = query.AfterSession(),
            Limit = limit + 1,
        };
        if (query.Problem is { } problem)
        {
            return problem;
        }

        SessionSummary[] sessions =
        [
            .. NamedOrgs.Of(context, reader).SelectMany(org => reader.Sessions(org, filter))
                .OrderByDescending(session => session.LastSeenAt ?? DateTimeOffset.MinValue).ThenBy(session => session.SessionId, StringComparer.Ordinal),
        ];
        var page = new Page<SessionSummary>(
            [.. sessions.Take(limit)],
            sessions.Length > limit ? SessionCursor.Of(sessions[limit - 1]).ToString() : null);
        return Results.Json(page, ApiJson.Default.PageSessionSummary);
    }

    /// <summary>The session that a path means. A harness's own id may hold a slash, which routing leaves encoded.</summary>
    public static SessionDetail? Find(HttpContext context, StoreReader reader, string id) =>
        NamedOrgs.Find(context, reader, org => reader.Session(org, Uri.UnescapeDataString(id)));

    private static IResult Detail(string id, HttpContext context, StoreReader reader) => Find(context, reader, id) is { } detail
        ? Results.Json(detail, ApiJson.Default.SessionDetail)
        : NoSession(id);

    private static IResult Turns(string id, HttpContext context, StoreReader reader, TimeProvider time)
    {
        var query = new PageQuery(context, time);
        var limit = query.Limit();
        var after = query.AfterExchange();
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (Find(context, reader, id) is not { } detail)
        {
            return NoSession(id);
        }

        var turns = reader.ConversationAfter(detail.Session.OrgId, detail.Session.SessionId, after).Take(limit + 1).ToArray();
        var page = new Page<ConversationTurn>(
            [.. turns.Take(limit)],
            turns.Length > limit ? ExchangeCursor.Of(turns[limit - 1].Exchange).ToString() : null);
        return Results.Json(page, ApiJson.Default.PageConversationTurn);
    }

    public static IResult NoSession(string id) => ProblemDocument.Of(
        StatusCodes.Status404NotFound, "session_not_found", "No such session.", $"No session, or more than one, answers to '{id}'.");
}
