using Lethe.Ingest.Verifying;

namespace Lethe.Ingest.Postgres;

/// <summary>The invariants that SQL can tell, of a PostgreSQL database. What its keys make sure of, that all is of one organisation, is not asked again.</summary>
internal static class PostgresInvariants
{
    public static IReadOnlyList<CheckQuery> All { get; } =
    [
        new(VerifyFaultKind.Chain, "nodes", CheckQuery.RowsAtOnce,
            """
            SELECT 'node ' || encode(n.hash, 'hex') AS subject, 'depth ' || n.depth || ' under depth ' || p.depth AS detail
            FROM nodes n JOIN nodes p ON p.org = n.org AND p.hash = n.parent
            WHERE n.org = @Org AND n.hash > @After AND n.hash <= @UpTo AND n.depth <> p.depth + 1
            """),
        new(VerifyFaultKind.Chain, "session_nodes", CheckQuery.SessionsAtOnce,
            """
            SELECT m.session::text AS subject, 'node ' || encode(m.hash, 'hex') || ' is a member, its parent is not' AS detail
            FROM session_nodes m
            JOIN nodes n ON n.org = m.org AND n.hash = m.hash
            WHERE m.org = @Org AND m.session > @After AND m.session <= @UpTo
              AND n.parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM session_nodes q WHERE q.org = m.org AND q.session = m.session AND q.hash = n.parent)
            """),
        new(VerifyFaultKind.Chain, "exchanges", CheckQuery.RowsAtOnce,
            """
            SELECT e.exchange_id::text AS subject, 'its leaf is not a member of its session, or its length is not the depth' AS detail
            FROM exchanges e JOIN nodes n ON n.org = e.org AND n.hash = e.leaf
            WHERE e.org = @Org AND e.ingested > @After AND e.ingested <= @UpTo
              AND (e.chain_length <> n.depth + 1
                OR (e.own_session IS NOT NULL
                  AND NOT EXISTS (SELECT 1 FROM session_nodes m WHERE m.org = e.org AND m.session = e.own_session AND m.hash = e.leaf)))
            """),
        new(VerifyFaultKind.Receipt, "exchanges", CheckQuery.RowsAtOnce,
            """
            SELECT e.exchange_id::text AS subject, 'stored without a receipt of its own' AS detail
            FROM exchanges e
            WHERE e.org = @Org AND e.ingested > @After AND e.ingested <= @UpTo
              AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.org = e.org AND r.commit_key = e.commit_key AND r.exchange_id = e.exchange_id)
            """),
        // Months have no key in common that could keep it from being there twice.
        new(VerifyFaultKind.Receipt, "exchanges", CheckQuery.RowsAtOnce,
            """
            SELECT e.exchange_id::text AS subject, 'stored more than once, or its place in the order of commits is another one''s too' AS detail
            FROM exchanges e
            WHERE e.org = @Org AND e.ingested > @After AND e.ingested <= @UpTo
              AND (EXISTS (SELECT 1 FROM exchanges o WHERE o.org = e.org AND o.exchange_id = e.exchange_id AND o.captured_at <> e.captured_at)
                OR EXISTS (SELECT 1 FROM exchanges o WHERE o.org = e.org AND o.ingested = e.ingested AND o.exchange_id <> e.exchange_id))
            """),
        new(VerifyFaultKind.Placeholder, "sessions", CheckQuery.SessionsAtOnce,
            """
            SELECT s.session::text AS subject, 'nobody names it, or it has exchanges' AS detail
            FROM sessions s
            WHERE s.org = @Org AND s.session > @After AND s.session <= @UpTo AND s.is_placeholder = 1
              AND ((s.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM sessions c WHERE c.org = s.org AND (c.claimed_parent = s.session OR c.merged_into = s.session)))
                OR EXISTS (SELECT 1 FROM exchanges e WHERE e.org = s.org AND e.session = s.session))
            """),
        new(VerifyFaultKind.Placeholder, "sessions", CheckQuery.SessionsAtOnce,
            """
            SELECT s.session::text AS subject, 'no exchange of its own, and no placeholder' AS detail
            FROM sessions s
            WHERE s.org = @Org AND s.session > @After AND s.session <= @UpTo
              AND s.is_placeholder = 0 AND NOT EXISTS (SELECT 1 FROM exchanges e WHERE e.org = s.org AND e.session = s.session AND e.own_session = s.session)
              AND NOT EXISTS (SELECT 1 FROM archived a WHERE a.org = s.org AND a.session = s.session AND a.exchanges > 0)
            """),
        new(VerifyFaultKind.Parent, "sessions", CheckQuery.SessionsAtOnce,
            """
            WITH RECURSIVE above (session, ancestor) AS (
              SELECT session, parent FROM sessions WHERE org = @Org AND session > @After AND session <= @UpTo AND parent IS NOT NULL
              UNION
              SELECT a.session, p.parent FROM above a JOIN sessions p ON p.org = @Org AND p.session = a.ancestor WHERE p.parent IS NOT NULL
            )
            SELECT session::text AS subject, 'it is its own ancestor' AS detail FROM above WHERE session = ancestor
            """),
        new(VerifyFaultKind.Parent, "sessions", CheckQuery.SessionsAtOnce,
            """
            SELECT s.session::text AS subject, 'it went over into a session that is gone over itself' AS detail
            FROM sessions s JOIN sessions m ON m.org = s.org AND m.session = s.merged_into
            WHERE s.org = @Org AND s.session > @After AND s.session <= @UpTo AND (m.merged_into IS NOT NULL OR s.claimed_parent IS NOT NULL)
            """),
    ];
}
