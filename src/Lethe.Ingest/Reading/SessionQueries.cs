using System.Data.Common;
using Dapper;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>Sessions with their counters, parents, children and models.</summary>
internal static class SessionQueries
{
    private const string Select = """
        SELECT session_id, org_id, harness_id, harness_session_id, harness_version, id_origin, is_placeholder,
               auth_subject, name, cwd, metadata, first_seen_at, last_seen_at, pinned_at, pin_reason, erased_at,
               claim_harness_id, claim_session_id, parent_resolution, parent_session_id, parent_harness_id,
               exchanges, turns, attempts, errors, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning,
               cost_nano_usd, unpriced_turns, tool_calls, nodes
        FROM session_records

        """;

    // From here on, columns are counters.
    private const string FirstCounter = "exchanges";

    private const string OfAlias = "SELECT a.session_id FROM session_aliases a WHERE a.org = @owner AND a.";

    private const int SessionsAtOnceMax = 1000;

    /// <summary>Behind every text that begins with what stands before it.</summary>
    private const string BehindAll = "\U0010FFFF";

    public static IReadOnlyList<SessionSummary> List(IReadConnections connections, string org, SessionFilter filter)
    {
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return [];
        }

        var conditions = Conditions(filter);
        if (filter.Sort is not (SessionSort.Last or SessionSort.Started))
        {
            var ids = SessionRanking.Of(connections, connection.Db, owner, conditions, filter);
            var found = ids.Chunk(SessionsAtOnceMax).SelectMany(some => Query(connections, connection.Db, owner, $" AND {connections.IsAmong("session_id", "ids")}", AllOf(owner, connections.SessionIds(some))))
                .ToDictionary(session => session.SessionId);
            return [.. ids.Select(id => found.GetValueOrDefault(id.ToString("D"))).OfType<SessionSummary>()];
        }

        var key = filter.Sort == SessionSort.Last ? "activity" : "coalesce(first_seen_at, -1)";
        var (behind, order) = filter.IsSmallestFirst ? (">", "ASC") : ("<", "DESC");
        var after = filter.After is null ? "" : $" AND {key} {behind}= @afterAt AND ({key} {behind} @afterAt OR session_id > @afterId)";
        return Query(
            connections,
            connection.Db,
            owner,
            $"{conditions}{after} ORDER BY {key} {order}, session_id{(filter.Limit is null ? "" : " LIMIT @Limit")}",
            Parameters(connections, owner, filter));
    }

    /// <summary>All that the sessions started, and what those started.</summary>
    public static IReadOnlyList<SessionSummary> Below(IReadConnections connections, string org, IReadOnlyCollection<string> sessions)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is not { } owner ? [] :
        [
            .. sessions.Select(Guid.Parse).Chunk(SessionsAtOnceMax).SelectMany(some => Query(
                connections,
                connection.Db,
                owner,
                $"""
                 AND session_id IN (
                  WITH RECURSIVE below (session_id) AS (
                    SELECT session_id FROM session_links WHERE org = @owner AND {connections.IsAmong("parent_session_id", "ids")}
                    UNION
                    SELECT l.session_id FROM below b JOIN session_links l ON l.org = @owner AND l.parent_session_id = b.session_id
                  )
                  SELECT session_id FROM below)
                ORDER BY first_seen_at, session_id
                """,
                AllOf(owner, connections.SessionIds(some)))).DistinctBy(session => session.SessionId),
        ];
    }

    private static string Conditions(SessionFilter filter) => (filter.HarnessId is null ? "" : " AND harness_id = @HarnessId")
        + (filter.Cwd is null ? "" : " AND cwd = @Cwd")
        + (filter.Model is null ? "" : " AND EXISTS (SELECT 1 FROM session_models m WHERE m.org = @owner AND m.session_id = session_records.session_id AND m.model = @Model)")
        + (filter.RootsAlone ? " AND parent_session_id IS NULL" : "")
        + (filter.Since is null ? "" : " AND activity >= @since")
        + (filter.Until is null ? "" : " AND activity >= 0 AND activity < @until");

    internal static object Parameters(IReadConnections connections, object owner, SessionFilter filter) => new
    {
        owner,
        filter.HarnessId,
        filter.Cwd,
        filter.Model,
        until = filter.Until is { } until ? Microseconds.Of(until) : 0,
        since = filter.Since is { } since ? Microseconds.Of(since) : 0,
        afterAt = filter.After?.Key ?? 0,
        afterId = connections.SessionId(Guid.TryParse(filter.After?.SessionId, out var after) ? after : Guid.Empty),
        Limit = filter.Limit ?? 0,
    };

    public static SessionDetail? Find(IReadConnections connections, string org, string word)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner && Meant(connections, connection.Db, owner, word, limit: 2) is [var session]
            ? Detail(connections, connection.Db, owner, session)
            : null;
    }

    public static IReadOnlyList<SessionSummary> Meant(IReadConnections connections, string org, string word, int limit)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner ? Meant(connections, connection.Db, owner, word, limit) : [];
    }

    // A whole id before a harness's own, and that before beginnings.
    private static List<SessionSummary> Meant(IReadConnections connections, DbConnection connection, object owner, string word, int limit)
    {
        if (word.Length == 0)
        {
            return [];
        }

        var found = Guid.TryParseExact(word, "D", out var id)
            ? Query(connections, connection, owner, " AND session_id = @id", new { owner, id = connections.SessionId(id) })
            : [];
        if (found.Count == 0 && id != Guid.Empty)
        {
            found = Query(connections, connection, owner, $" AND session_id IN ({OfAlias}alias_id = @id)", new { owner, id = connections.SessionId(id) });
        }

        if (found.Count == 0)
        {
            found = Query(connections, connection, owner, " AND harness_session_id = @word ORDER BY session_id LIMIT @limit", new { owner, word, limit });
        }

        if (found.Count == 0)
        {
            found = Query(connections, connection, owner, $" AND session_id IN ({OfAlias}harness_session_id = @word) ORDER BY session_id LIMIT @limit", new { owner, word, limit });
        }

        return found.Count == 0 ? Beginning(connections, connection, owner, word, limit) : found;
    }

    private static List<SessionSummary> Beginning(IReadConnections connections, DbConnection connection, object owner, string word, int limit)
    {
        var found = Query(
            connections,
            connection,
            owner,
            " AND harness_session_id >= @word AND harness_session_id < @end ORDER BY harness_session_id LIMIT @limit",
            new { owner, word, end = word + BehindAll, limit });
        if (IsBeginningOfId(word))
        {
            var (first, last) = connections.SessionIdsFrom(word);
            found.AddRange(Query(
                connections, connection, owner, " AND session_id >= @first AND session_id <= @last ORDER BY session_id LIMIT @limit", new { owner, first, last, limit }));
        }

        return [.. found.DistinctBy(session => session.SessionId)];
    }

    private static bool IsBeginningOfId(string word)
    {
        const string Shape = "00000000-0000-0000-0000-000000000000";
        return word.Length <= Shape.Length && word.Index().All(at => at.Item == '-' ? Shape[at.Index] == '-' : Shape[at.Index] == '0' && char.IsAsciiHexDigitLower(at.Item));
    }

    private static SessionDetail Detail(IReadConnections connections, DbConnection connection, object owner, SessionSummary session)
    {
        var id = connections.SessionId(Guid.Parse(session.SessionId));
        var children = Query(connections, connection, owner, " AND parent_session_id = @id ORDER BY first_seen_at, session_id", new { owner, id });
        var claims = connection.Query<ClaimRow>(
            "SELECT * FROM session_claims WHERE org = @owner AND session_id = @id ORDER BY last_claimed_at DESC, last_claimed_by DESC", new { owner, id });
        var bends = new SessionBends(connections, connection, owner);
        return new SessionDetail(
            session,
            children,
            [.. claims.Select(claim => new ParentClaim(
                claim.ParentHarnessId.Length == 0 ? null : claim.ParentHarnessId,
                claim.ParentSessionId,
                Microseconds.ToTime(claim.FirstClaimedAt),
                Microseconds.ToTime(claim.LastClaimedAt)))])
        {
            Aliases = connection.Query<SessionAlias>(
                "SELECT harness_id, harness_session_id FROM session_aliases WHERE org = @owner AND session_id = @id ORDER BY harness_id, harness_session_id", new { owner, id }).AsList(),
            ForkedFrom = bends.Fork(session),
            Compactions = bends.Compactions(session),
        };
    }

    private static List<SessionSummary> Query(IReadConnections connections, DbConnection connection, object owner, string conditions, object parameters)
    {
        var sessions = connection.Query<SessionRow, SessionCounters, (SessionRow Row, SessionCounters Counters)>(
            Select + "WHERE org = @owner" + conditions, static (row, counters) => (row, counters), parameters, splitOn: FirstCounter).AsList();
        var models = Models(connections, connection, owner, sessions.ConvertAll(session => session.Row.SessionId));
        return sessions.ConvertAll(session => session.Row.ToSummary(session.Counters, [.. models[session.Row.SessionId]]));
    }

    // Most used first.
    private static ILookup<Guid, string> Models(IReadConnections connections, DbConnection connection, object owner, List<Guid> sessions) => sessions
        .Chunk(SessionsAtOnceMax)
        .SelectMany(some => connection.Query<ModelRow>(
            $"""
            SELECT session_id, model FROM session_models
            WHERE org = @owner AND {connections.IsAmong("session_id", "ids")}
            GROUP BY session_id, model
            ORDER BY session_id, count(*) DESC, model
            """,
            AllOf(owner, connections.SessionIds(some))))
        .ToLookup(row => row.SessionId, row => row.Model);

    // Values of a type that only the store knows.
    private static DynamicParameters AllOf(object owner, object ids)
    {
        var parameters = new DynamicParameters();
        parameters.Add("owner", owner);
        parameters.Add("ids", ids);
        return parameters;
    }

    private sealed class ModelRow
    {
        public Guid SessionId { get; init; }
        public string Model { get; init; } = "";
    }

    private sealed class ClaimRow
    {
        public string ParentHarnessId { get; init; } = "";
        public string ParentSessionId { get; init; } = "";
        public long FirstClaimedAt { get; init; }
        public long LastClaimedAt { get; init; }
    }
}
