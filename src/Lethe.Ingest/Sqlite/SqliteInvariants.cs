using Lethe.Ingest.Verifying;

namespace Lethe.Ingest.Sqlite;

/// <summary>The invariants that SQL can tell, of a SQLite file.</summary>
internal static class SqliteInvariants
{
    public static IReadOnlyList<CheckQuery> All { get; } =
    [
        new(VerifyFaultKind.Chain, "nodes", CheckQuery.RowsAtOnce,
            """
            SELECT 'node ' || lower(hex(n.hash)) AS subject, 'depth ' || n.depth || ' under depth ' || p.depth AS detail
            FROM nodes n JOIN nodes p ON p.node = n.parent
            WHERE n.node > @After AND n.node <= @UpTo AND (n.depth <> p.depth + 1 OR n.org <> p.org)
            """),
        new(VerifyFaultKind.Chain, "session_nodes", CheckQuery.SessionsAtOnce,
            """
            SELECT s.session_id AS subject, 'node ' || lower(hex(n.hash)) || ' is a member, its parent is not' AS detail
            FROM session_nodes m
            JOIN nodes n ON n.node = m.node
            JOIN sessions s ON s.session = m.session
            WHERE m.session > @After AND m.session <= @UpTo
              AND n.parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM session_nodes q WHERE q.session = m.session AND q.node = n.parent)
            """),
        new(VerifyFaultKind.Chain, "session_nodes", CheckQuery.SessionsAtOnce,
            """
            SELECT s.session_id AS subject, 'node ' || lower(hex(n.hash)) || ' belongs to another organisation' AS detail
            FROM session_nodes m
            JOIN nodes n ON n.node = m.node
            JOIN sessions s ON s.session = m.session
            WHERE m.session > @After AND m.session <= @UpTo AND n.org <> s.org
            """),
        new(VerifyFaultKind.Chain, "exchanges", CheckQuery.RowsAtOnce,
            """
            SELECT lower(hex(e.exchange_id)) AS subject, 'its leaf is not a member of its session, or its length is not the depth' AS detail
            FROM exchanges e JOIN nodes n ON n.node = e.leaf
            WHERE e.ingested > @After AND e.ingested <= @UpTo
              AND (e.chain_length <> n.depth + 1
                OR (e.own_session IS NOT NULL AND NOT EXISTS (SELECT 1 FROM session_nodes m WHERE m.session = e.own_session AND m.node = e.leaf)))
            """),
        new(VerifyFaultKind.Receipt, "exchanges", CheckQuery.RowsAtOnce,
            """
            SELECT lower(hex(e.exchange_id)) AS subject, 'stored without a receipt of its own' AS detail
            FROM exchanges e
            WHERE e.ingested > @After AND e.ingested <= @UpTo
              AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.org = e.org AND r.commit_key = e.commit_key AND r.exchange_id = e.exchange_id)
            """),
        new(VerifyFaultKind.Placeholder, "sessions", CheckQuery.SessionsAtOnce,
            """
            SELECT s.session_id AS subject, 'nobody names it, or it has exchanges' AS detail
            FROM sessions s
            WHERE s.session > @After AND s.session <= @UpTo AND s.is_placeholder = 1
              AND ((s.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM sessions c WHERE c.claimed_parent = s.session OR c.merged_into = s.session))
                OR EXISTS (SELECT 1 FROM exchanges e WHERE e.session = s.session))
            """),
        new(VerifyFaultKind.Placeholder, "sessions", CheckQuery.SessionsAtOnce,
            """
            SELECT s.session_id AS subject, 'no exchange of its own, and no placeholder' AS detail
            FROM sessions s
            WHERE s.session > @After AND s.session <= @UpTo
              AND s.is_placeholder = 0 AND NOT EXISTS (SELECT 1 FROM exchanges e WHERE e.session = s.session AND e.own_session = s.session)
              AND NOT EXISTS (SELECT 1 FROM archived a WHERE a.org = s.org AND a.session_id = s.session_id AND a.exchanges > 0)
            """),
        new(VerifyFaultKind.Parent, "sessions", CheckQuery.SessionsAtOnce,
            """
            SELECT s.session_id AS subject, 'its parent belongs to another organisation' AS detail
            FROM sessions s JOIN sessions p ON p.session = s.parent
            WHERE s.session > @After AND s.session <= @UpTo AND p.org <> s.org
            """),
        new(VerifyFaultKind.Parent, "sessions", CheckQuery.SessionsAtOnce,
            """
            WITH RECURSIVE above (session, ancestor) AS (
              SELECT session, parent FROM sessions WHERE session > @After AND session <= @UpTo AND parent IS NOT NULL
              UNION
              SELECT a.session, p.parent FROM above a JOIN sessions p ON p.session = a.ancestor WHERE p.parent IS NOT NULL
            )
            SELECT s.session_id AS subject, 'it is its own ancestor' AS detail
            FROM above a JOIN sessions s ON s.session = a.session
            WHERE a.session = a.ancestor
            """),
        new(VerifyFaultKind.Parent, "sessions", CheckQuery.SessionsAtOnce,
            """
            SELECT s.session_id AS subject, 'it went over into a session that is gone over itself, or belongs to another organisation' AS detail
            FROM sessions s JOIN sessions m ON m.session = s.merged_into
            WHERE s.session > @After AND s.session <= @UpTo AND (m.merged_into IS NOT NULL OR m.org <> s.org OR s.claimed_parent IS NOT NULL)
            """),
    ];
}
