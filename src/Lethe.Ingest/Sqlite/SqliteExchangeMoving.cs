using Dapper;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>What hangs on an exchange goes with it into another session: its messages, its tool calls, the answer that it made. Takes part in the caller's transaction.</summary>
internal sealed class SqliteExchangeMoving(SqliteConnection connection)
{
    private const string Chain = """
        WITH RECURSIVE chain (node) AS (
          SELECT leaf FROM exchanges WHERE exchange_id = @id AND leaf IS NOT NULL
          UNION ALL
          SELECT n.parent FROM chain c JOIN nodes n ON n.node = c.node WHERE n.parent IS NOT NULL)
        """;

    private const string Join = $"""
        {Chain}
        UPDATE sessions
        SET is_placeholder = 0, nodes = nodes + (SELECT count(*) FROM chain c WHERE NOT EXISTS (SELECT 1 FROM session_nodes m WHERE m.session = @into AND m.node = c.node))
        WHERE session = @into;
        {Chain}
        INSERT INTO session_nodes (session, node, carried_at, carried_by, body)
        SELECT @into, c.node, e.captured_at, e.exchange_id, m.body
        FROM chain c
        JOIN exchanges e ON e.exchange_id = @id
        LEFT JOIN session_nodes m ON m.session = @from AND m.node = c.node AND m.carried_by = @id
        WHERE true
        ON CONFLICT DO UPDATE SET carried_at = excluded.carried_at, carried_by = excluded.carried_by, body = excluded.body
        WHERE (excluded.carried_at, excluded.carried_by) < (session_nodes.carried_at, session_nodes.carried_by);
        """;

    private const string Carried = """
        SELECT m.node FROM session_nodes m JOIN nodes n ON n.node = m.node WHERE m.session = @from AND m.carried_by = @id ORDER BY n.depth DESC
        """;

    // The messages behind it have their carriers by now.
    private const string Leave = """
        UPDATE session_nodes
        SET (carried_at, carried_by) = (
          SELECT at, who FROM (
            SELECT captured_at AS at, exchange_id AS who FROM exchanges WHERE own_session = @from AND leaf = @node
            UNION ALL
            SELECT m.carried_at, m.carried_by FROM session_nodes m JOIN nodes n ON n.node = m.node WHERE m.session = @from AND n.parent = @node)
          ORDER BY at, who
          LIMIT 1)
        WHERE session = @from AND node = @node
          AND (EXISTS (SELECT 1 FROM exchanges WHERE own_session = @from AND leaf = @node)
            OR EXISTS (SELECT 1 FROM session_nodes m JOIN nodes n ON n.node = m.node WHERE m.session = @from AND n.parent = @node));
        DELETE FROM session_nodes WHERE session = @from AND node = @node AND carried_by = @id;
        UPDATE sessions SET nodes = nodes - changes() WHERE session = @from;
        """;

    // Who told the outcome is still in the session, and the outcome stays with it.
    private const string IsToldHere = "EXISTS (SELECT 1 FROM exchanges e WHERE e.exchange_id = t.answered_by AND e.own_session = t.session)";

    private const string Tools = $"""
        UPDATE sessions
        SET tool_calls = tool_calls + (SELECT count(*) FROM tool_calls t WHERE t.session = @from AND t.asked_by = @id
          AND NOT EXISTS (SELECT 1 FROM tool_calls o WHERE o.session = @into AND o.call_id = t.call_id AND o.asked_by IS NOT NULL))
        WHERE session = @into;
        UPDATE sessions SET tool_calls = tool_calls - (SELECT count(*) FROM tool_calls WHERE session = @from AND asked_by = @id) WHERE session = @from;
        INSERT INTO tool_calls (session, call_id, name, arguments, asked_at, asked_by, is_error, is_cancelled, answered_at, answered_by)
        SELECT @into, call_id, name, arguments, asked_at, asked_by,
               iif({IsToldHere}, NULL, is_error), iif({IsToldHere}, NULL, is_cancelled), iif({IsToldHere}, NULL, answered_at), iif({IsToldHere}, NULL, answered_by)
        FROM tool_calls t
        WHERE session = @from AND coalesce(asked_by, answered_by) = @id
        ON CONFLICT DO UPDATE SET
          name = coalesce(name, excluded.name), arguments = coalesce(arguments, excluded.arguments),
          asked_at = coalesce(asked_at, excluded.asked_at), asked_by = coalesce(asked_by, excluded.asked_by),
          is_error = coalesce(is_error, excluded.is_error), is_cancelled = coalesce(is_cancelled, excluded.is_cancelled),
          answered_at = coalesce(answered_at, excluded.answered_at), answered_by = coalesce(answered_by, excluded.answered_by);
        DELETE FROM tool_calls AS t WHERE session = @from AND coalesce(asked_by, answered_by) = @id AND NOT {IsToldHere};
        UPDATE tool_calls SET asked_at = NULL, asked_by = NULL, name = NULL, arguments = NULL WHERE session = @from AND asked_by = @id;
        UPDATE responses SET session = @into
        WHERE session = @from AND (org, response_id) = (SELECT org, response_id FROM exchanges WHERE exchange_id = @id);
        """;

    /// <summary>The exchange is in the other session by now.</summary>
    public void Run(byte[] id, long from, long into)
    {
        connection.Execute(Join, new { id, from, into });
        foreach (var node in connection.Query<long>(Carried, new { id, from }).AsList())
        {
            connection.Execute(Leave, new { id, from, node });
        }

        connection.Execute(Tools, new { id, from, into });
    }
}
