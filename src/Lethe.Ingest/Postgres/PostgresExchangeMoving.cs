using Lethe.Ingest.Meaning;
using static Lethe.Ingest.Postgres.PostgresValues;

namespace Lethe.Ingest.Postgres;

/// <summary>What hangs on an exchange goes with it into another session: its messages, its tool calls, the answer that it made. Takes part in the caller's transaction.</summary>
internal sealed class PostgresExchangeMoving(PostgresStatements statements)
{
    private const string Chain = """
        WITH RECURSIVE chain (hash) AS (
          SELECT leaf FROM exchanges WHERE org = $1 AND captured_at = $2 AND exchange_id = $3 AND leaf IS NOT NULL
          UNION ALL
          SELECT n.parent FROM chain c JOIN nodes n ON n.org = $1 AND n.hash = c.hash WHERE n.parent IS NOT NULL)
        """;

    private const string CountMessages = $"""
        {Chain}
        UPDATE sessions
        SET is_placeholder = 0, nodes = nodes + (SELECT count(*) FROM chain c WHERE NOT EXISTS (SELECT 1 FROM session_nodes m WHERE m.org = $1 AND m.session = $4 AND m.hash = c.hash))
        WHERE org = $1 AND session = $4
        """;

    private const string Join = $"""
        {Chain}
        INSERT INTO session_nodes AS known (org, session, hash, carried_at, carried_by, body)
        SELECT $1, $5, c.hash, $2, $3, m.body
        FROM chain c
        LEFT JOIN session_nodes m ON m.org = $1 AND m.session = $4 AND m.hash = c.hash AND m.carried_by = $3
        ON CONFLICT (org, session, hash) DO UPDATE SET carried_at = excluded.carried_at, carried_by = excluded.carried_by, body = excluded.body
        WHERE (excluded.carried_at, excluded.carried_by) < (known.carried_at, known.carried_by)
        """;

    private const string Carried = """
        SELECT m.hash FROM session_nodes m JOIN nodes n ON n.org = m.org AND n.hash = m.hash
        WHERE m.org = $1 AND m.session = $2 AND m.carried_by = $3
        ORDER BY n.depth DESC
        """;

    // The messages behind it have their carriers by now.
    private const string LeaveToOthers = """
        UPDATE session_nodes l
        SET carried_at = o.at, carried_by = o.who
        FROM (
          SELECT at, who FROM (
            SELECT captured_at AS at, exchange_id AS who FROM exchanges WHERE org = $1 AND own_session = $2 AND leaf = $3
            UNION ALL
            SELECT m.carried_at, m.carried_by FROM session_nodes m JOIN nodes n ON n.org = m.org AND n.hash = m.hash
            WHERE m.org = $1 AND m.session = $2 AND n.parent = $3) a
          ORDER BY at, who
          LIMIT 1) o
        WHERE l.org = $1 AND l.session = $2 AND l.hash = $3
        """;

    private const string CountTools = """
        UPDATE sessions
        SET tool_calls = tool_calls + (SELECT count(*) FROM tool_calls t WHERE t.org = $1 AND t.session = $2 AND t.asked_by = $4
          AND NOT EXISTS (SELECT 1 FROM tool_calls o WHERE o.org = $1 AND o.session = $3 AND o.call_id = t.call_id AND o.asked_by IS NOT NULL))
        WHERE org = $1 AND session = $3
        """;

    // Who told the outcome is still in the session, and the outcome stays with it.
    private const string IsToldHere =
        "EXISTS (SELECT 1 FROM exchanges e WHERE e.org = t.org AND e.captured_at = t.answered_at AND e.exchange_id = t.answered_by AND e.own_session = t.session)";

    private const string JoinTools = $"""
        INSERT INTO tool_calls AS known (org, session, call_id, name, arguments, asked_at, asked_by, is_error, is_cancelled, answered_at, answered_by)
        SELECT org, $3, call_id, name, arguments, asked_at, asked_by,
               CASE WHEN NOT {IsToldHere} THEN is_error END, CASE WHEN NOT {IsToldHere} THEN is_cancelled END,
               CASE WHEN NOT {IsToldHere} THEN answered_at END, CASE WHEN NOT {IsToldHere} THEN answered_by END
        FROM tool_calls t
        WHERE org = $1 AND session = $2 AND coalesce(asked_by, answered_by) = $4
        ON CONFLICT (org, session, call_id) DO UPDATE SET
          name = coalesce(known.name, excluded.name), arguments = coalesce(known.arguments, excluded.arguments),
          asked_at = coalesce(known.asked_at, excluded.asked_at), asked_by = coalesce(known.asked_by, excluded.asked_by),
          is_error = coalesce(known.is_error, excluded.is_error), is_cancelled = coalesce(known.is_cancelled, excluded.is_cancelled),
          answered_at = coalesce(known.answered_at, excluded.answered_at), answered_by = coalesce(known.answered_by, excluded.answered_by)
        """;

    /// <summary>The exchange is in the other session by now.</summary>
    public void Run(MovedExchange moved)
    {
        var (org, id, from, into) = (Org(moved.From.Key.OrgId), moved.Clock.Id, moved.From.Id, moved.Into.Id);
        statements.Run(CountMessages, Of(org), Of(moved.Clock.At), Of(id), Of(into));
        statements.Run(Join, Of(org), Of(moved.Clock.At), Of(id), Of(from), Of(into));
        foreach (var hash in statements.Query(Carried, row => row.GetFieldValue<byte[]>(0), Of(org), Of(from), Of(id)))
        {
            if (statements.Run(LeaveToOthers, Of(org), Of(from), Of(hash)) == 0)
            {
                statements.Run("DELETE FROM session_nodes WHERE org = $1 AND session = $2 AND hash = $3", Of(org), Of(from), Of(hash));
                statements.Run("UPDATE sessions SET nodes = nodes - 1 WHERE org = $1 AND session = $2", Of(org), Of(from));
            }
        }

        statements.Run(CountTools, Of(org), Of(from), Of(into), Of(id));
        statements.Run(
            "UPDATE sessions SET tool_calls = tool_calls - (SELECT count(*) FROM tool_calls WHERE org = $1 AND session = $2 AND asked_by = $3) WHERE org = $1 AND session = $2",
            Of(org), Of(from), Of(id));
        statements.Run(JoinTools, Of(org), Of(from), Of(into), Of(id));
        statements.Run(
            $"DELETE FROM tool_calls t WHERE org = $1 AND session = $2 AND coalesce(asked_by, answered_by) = $3 AND NOT {IsToldHere}", Of(org), Of(from), Of(id));
        statements.Run(
            "UPDATE tool_calls SET asked_at = NULL, asked_by = NULL, name = NULL, arguments = NULL WHERE org = $1 AND session = $2 AND asked_by = $3",
            Of(org), Of(from), Of(id));
        statements.Run(
            """
            UPDATE responses SET session = $3
            WHERE org = $1 AND session = $2
              AND response_id IN (SELECT response_id FROM exchanges WHERE org = $1 AND captured_at = $4 AND exchange_id = $5)
            """,
            Of(org), Of(from), Of(into), Of(moved.Clock.At), Of(id));
    }
}
