using Dapper;
using Lethe.Ingest.Storage;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Reading;

/// <summary>Sessions with their counters, parents, children and models.</summary>
internal static class SessionQueries
{
    private const string Select = """
        SELECT s.session, s.session_id, o.org_id, s.harness_id, s.harness_session_id, s.harness_version, s.id_origin, s.is_placeholder,
               s.auth_subject, s.name, s.cwd, s.metadata, s.first_seen_at, s.last_seen_at,
               s.claim_harness_id, s.claim_session_id, s.parent_resolution, p.session_id AS parent_session_id, p.harness_id AS parent_harness_id,
               s.exchanges, s.turns, s.attempts, s.errors, s.input, s.cache_read, s.cache_write_5m, s.cache_write_1h, s.output, s.reasoning,
               s.cost_nano_usd, s.unpriced_turns, s.tool_calls, s.nodes
        FROM sessions s
        JOIN orgs o ON o.org = s.org
        LEFT JOIN sessions p ON p.session = s.parent

        """;

    // From here on, columns are counters.
    private const string FirstCounter = "exchanges";

    public static List<SessionSummary> List(SqliteConnection connection, SessionFilter filter)
    {
        var conditions = new List<string>();
        if (filter.HarnessId is not null)
        {
            conditions.Add("s.harness_id = @HarnessId");
        }

        if (filter.OrgId is not null)
        {
            conditions.Add("o.org_id = @OrgId");
        }

        if (filter.Since is not null)
        {
            conditions.Add("s.last_seen_at >= @Since");
        }

        if (filter.After is not null)
        {
            conditions.Add("(coalesce(s.last_seen_at, -1) < @AfterAt OR (coalesce(s.last_seen_at, -1) = @AfterAt AND s.session_id > @AfterId))");
        }

        return Query(
            connection,
            (conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", conditions))
                + " ORDER BY s.last_seen_at DESC, s.session_id"
                + (filter.Limit is null ? "" : " LIMIT @Limit"),
            new
            {
                filter.HarnessId,
                filter.OrgId,
                Since = filter.Since is { } since ? Microseconds.Of(since) : (long?)null,
                AfterAt = filter.After?.LastSeenAtMicroseconds,
                AfterId = filter.After?.SessionId,
                filter.Limit,
            });
    }

    public static SessionDetail? Find(SqliteConnection connection, string word)
    {
        var found = Query(connection, "WHERE s.session_id = @word", new { word });
        if (found.Count == 0)
        {
            found = Query(connection, "WHERE s.harness_session_id = @word LIMIT 2", new { word });
        }

        if (found.Count == 0 && word.Length > 0)
        {
            found = Query(
                connection,
                "WHERE substr(s.session_id, 1, length(@word)) = @word OR substr(s.harness_session_id, 1, length(@word)) = @word LIMIT 2",
                new { word });
        }

        return found is [var session] ? Detail(connection, session) : null;
    }

    private static SessionDetail Detail(SqliteConnection connection, SessionSummary session)
    {
        var children = Query(connection, "WHERE p.session_id = @SessionId ORDER BY s.first_seen_at, s.session_id", new { session.SessionId });
        var claims = connection.Query<(string HarnessId, string SessionId, long FirstAt, long LastAt)>(
            """
            SELECT c.parent_harness_id, c.parent_session_id, c.first_claimed_at, c.last_claimed_at
            FROM parent_claims c
            JOIN sessions s ON s.session = c.session
            WHERE s.session_id = @SessionId
            ORDER BY c.last_claimed_at DESC, c.last_claimed_by DESC
            """,
            new { session.SessionId });
        return new SessionDetail(
            session,
            children,
            [.. claims.Select(claim => new ParentClaim(
                claim.HarnessId.Length == 0 ? null : claim.HarnessId, claim.SessionId, Microseconds.ToTime(claim.FirstAt), Microseconds.ToTime(claim.LastAt)))]);
    }

    private static List<SessionSummary> Query(SqliteConnection connection, string conditions, object parameters) =>
        [.. connection
            .Query<SessionRow, SessionCounters, (SessionRow Row, SessionCounters Counters)>(
                Select + conditions, static (row, counters) => (row, counters), parameters, splitOn: FirstCounter)
            .Select(session => session.Row.ToSummary(session.Counters, Models(connection, session.Row.Session)))];

    private static List<string> Models(SqliteConnection connection, long session) => connection.Query<string>(
        """
        SELECT coalesce(model_served, model_requested) AS model
        FROM exchanges
        WHERE session = @session AND coalesce(model_served, model_requested) IS NOT NULL
        GROUP BY model
        ORDER BY count(*) DESC, model
        """,
        new { session }).AsList();
}
