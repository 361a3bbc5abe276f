using Dapper;
using Lethe.Ingest.Meaning;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>What is said about sessions that are forgotten, and the rows of those that have nothing left. Takes part in the caller's transaction.</summary>
internal static class PostgresSessionsOut
{
    private const string Empty = """
        INSERT INTO going_sessions
        SELECT s.org, s.session FROM sessions s
        WHERE s.is_placeholder = 0 AND s.pinned_at IS NULL
          AND EXISTS (SELECT 1 FROM archived a WHERE a.org = s.org AND a.session = s.session)
          AND NOT EXISTS (SELECT 1 FROM exchanges e WHERE e.org = s.org AND e.session = s.session)
          AND NOT EXISTS (SELECT 1 FROM session_nodes m WHERE m.org = s.org AND m.session = s.session)
          AND NOT EXISTS (SELECT 1 FROM tool_calls t WHERE t.org = s.org AND t.session = s.session)
        """;

    private const string AreGoing = "SELECT 1 FROM going_sessions g WHERE g.org = s.org AND g.session = s.session";

    private static readonly string Take = $"""
        INSERT INTO archived AS a (org, session, {SessionTotals.Columns}, first_seen_at, last_seen_at)
        SELECT s.org, '{Guid.Empty}', {string.Join(", ", SessionTotals.Names.Select(name => $"sum(s.{name})::bigint"))}, min(s.first_seen_at), max(s.last_seen_at)
        FROM archived s
        WHERE EXISTS ({AreGoing})
        GROUP BY s.org
        {PostgresRecordsOut.Add};
        DELETE FROM archived s WHERE EXISTS ({AreGoing});
        UPDATE sessions p SET named_by = p.named_by - c.count
        FROM (SELECT s.org, s.claimed_parent, count(*) FROM sessions s WHERE s.claimed_parent IS NOT NULL AND EXISTS ({AreGoing}) GROUP BY s.org, s.claimed_parent) c
        WHERE p.org = c.org AND p.session = c.claimed_parent;
        UPDATE sessions c SET claimed_parent = NULL, parent = NULL, parent_resolution = 'unresolved'
        FROM going_sessions s
        WHERE c.org = s.org AND c.claimed_parent = s.session AND NOT EXISTS (SELECT 1 FROM going_sessions g WHERE g.org = c.org AND g.session = c.session);
        DELETE FROM responses s WHERE s.response_id LIKE '{Meaning.Delegations.Prefix}%' AND EXISTS ({AreGoing});
        UPDATE responses s SET session = NULL WHERE EXISTS ({AreGoing});
        DELETE FROM sessions a USING going_sessions s WHERE a.org = s.org AND a.merged_into = s.session;
        DELETE FROM sessions s WHERE EXISTS ({AreGoing});
        DELETE FROM sessions WHERE is_placeholder = 1 AND named_by = 0 AND merged_into IS NULL
        """;

    public static void Describe(NpgsqlConnection connection, Forgetting asked)
    {
        var parameters = new { Sessions = asked.Sessions.ToArray(), asked.AskedAt };
        var sessions = connection.Query<(Guid Org, Guid Session, string Facts)>(
            "SELECT s.org, s.session, s.facts FROM forgetting f JOIN sessions s ON s.org = f.org AND s.session = f.session WHERE f.number = ANY (@Sessions)", parameters).AsList();
        foreach (var (org, session, json) in sessions)
        {
            var facts = SessionFacts.Parse(json);
            facts.ForgetWords(asked.AskedAt);
            connection.Execute(
                """
                UPDATE sessions
                SET facts = @facts, name = @name, cwd = @cwd, metadata = @metadata, user_agent = @userAgent, pinned_at = NULL, pin_reason = NULL
                WHERE org = @org AND session = @session
                """,
                new
                {
                    org,
                    session,
                    facts = facts.ToJson(),
                    name = facts[SessionFacts.Name],
                    cwd = facts[SessionFacts.Cwd],
                    metadata = facts.Metadata(),
                    userAgent = facts[SessionFacts.UserAgent],
                });
        }

        connection.Execute(
            """
            UPDATE tool_calls t SET arguments = NULL, name = NULL
            FROM forgetting f
            WHERE f.number = ANY (@Sessions) AND t.org = f.org AND t.session = f.session AND t.asked_at <= @AskedAt
            """,
            parameters);
    }

    /// <param name="among">Null for all.</param>
    public static void Remove(NpgsqlConnection connection, IReadOnlyList<long>? among)
    {
        // Of those that nobody asked to forget, one that others name stays until they go.
        var condition = among is null
            ? " AND s.named_by = (SELECT count(*) FROM sessions a WHERE a.org = s.org AND a.merged_into = s.session)"
            : " AND EXISTS (SELECT 1 FROM forgetting f WHERE f.number = ANY (@among) AND f.org = s.org AND f.session = s.session)";
        while (connection.Execute("DELETE FROM going_sessions") >= 0 && connection.Execute(Empty + condition, new { among = among?.ToArray() }) > 0)
        {
            // Who was named only by those that go may go then.
            connection.Execute(Take);
        }
    }
}
