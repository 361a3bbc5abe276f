namespace Lethe.Ingest.Tests.Storage;

/// <summary>As <see cref="SqliteStoreState"/>, query by query the same columns.</summary>
internal static class PostgresStoreState
{
    public static readonly string[] Rows =
    [
        """
        SELECT org, hour, harness_id, model, project, kind, is_agent,
        exchanges, turns, attempts, errors, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, cost_nano_usd, unpriced_turns, failed_cost_nano_usd
        FROM figures
        """,
        "SELECT org, day, harness_id, model, project, kind, is_agent, exchanges, turns, cost_nano_usd, failed_cost_nano_usd FROM figure_days",
        "SELECT session, facts, is_placeholder, named_by, claimed_parent, parent, claim_harness_id, claim_session_id, parent_resolution, merged_into FROM sessions",
        """
        SELECT session, parent_harness_id, parent_session_id, first_claimed_at, first_claimed_by, last_claimed_at, last_claimed_by
        FROM parent_claims
        """,
        "SELECT org, hash, parent, depth, role, continues FROM nodes",
        "SELECT org, hash, parent_hash FROM message_steps",
        """
        SELECT m.session, m.hash, m.carried_at, m.carried_by, coalesce(m.body, n.body)
        FROM session_nodes m JOIN nodes n ON n.org = m.org AND n.hash = m.hash
        """,
        "SELECT org, hash, content FROM blobs",
        "SELECT session, call_id, name, arguments, asked_at, asked_by, is_error, is_cancelled, answered_at, answered_by FROM tool_calls",
        "SELECT org, commit_key, content_hash, exchange_id FROM receipts",
        "SELECT org, response_id, session, settled, heard_at, heard_by, made_at, made_by, continued_at, continued_by FROM responses",
        "SELECT exchange_id, own_session, has_reply, is_turn, seq, retry_key, prompt_length, repeated FROM exchanges",
    ];

    public const string Met = """
        SELECT parent_resolution FROM sessions
        UNION SELECT 'placeholder' FROM sessions WHERE is_placeholder = 1
        UNION SELECT 'promoted' FROM sessions s JOIN sessions c ON c.claimed_parent = s.session WHERE s.is_placeholder = 0 AND s.first_seen_at > c.first_seen_at
        UNION SELECT 'adopted' FROM exchanges WHERE own_session IS NULL AND session IS NOT NULL
        UNION SELECT 'turn lost to a retry' FROM exchanges WHERE has_reply = 1 AND is_turn = 0
        UNION SELECT 'third attempt' FROM exchanges WHERE attempt = 3
        UNION SELECT 'both sides' FROM tool_calls WHERE asked_by IS NOT NULL AND answered_by IS NOT NULL
        UNION SELECT 'one side' FROM tool_calls WHERE asked_by IS NULL
        UNION SELECT 'own words' FROM session_nodes WHERE body IS NOT NULL
        UNION SELECT 'waits for an answer' FROM sessions WHERE harness_session_id LIKE 'continues:%'
        UNION SELECT 'continued' FROM exchanges e JOIN sessions s ON s.session = e.session
          WHERE e.previous_response_id IS NOT NULL AND s.harness_session_id NOT LIKE 'continues:%'
        UNION SELECT 'heard again' FROM exchanges WHERE repeated IS NOT NULL
        UNION SELECT 'heard first' FROM exchanges WHERE endpoint = 'responses_get' AND repeated IS NULL
        """;

    public const string Empty = """
        DELETE FROM exchanges; DELETE FROM tool_calls; DELETE FROM session_nodes; DELETE FROM responses; DELETE FROM parent_claims; DELETE FROM sessions;
        DELETE FROM nodes; DELETE FROM blobs; DELETE FROM callers; DELETE FROM receipts; DELETE FROM dead_letters; DELETE FROM journal_cursors; DELETE FROM leases;
        DELETE FROM archived; DELETE FROM forgetting; DELETE FROM erasures; DELETE FROM figures; DELETE FROM search_runs; DELETE FROM search_spans; DELETE FROM search_leaving; DELETE FROM search_cursors;
        DELETE FROM orgs WHERE org <> '00000000-0000-0000-0000-000000000000'; UPDATE orgs SET ingested = 0;
        """;

    /// <summary>The invariants, a row a fault.</summary>
    public static readonly string[] Faults =
    [
        """
        SELECT 'counters of ' || s.session FROM sessions s
        LEFT JOIN (
          SELECT org, session, count(*) AS exchanges, sum(is_turn) AS turns,
                 count(*) FILTER (WHERE is_turn = 0 AND outcome NOT IN ('completed', 'not_decoded')) AS attempts,
                 count(*) FILTER (WHERE outcome IN ('upstream_error', 'upstream_aborted', 'no_response')) AS errors,
                 sum(greatest(coalesce(input, 0), 0)) AS input, sum(greatest(coalesce(cache_read, 0), 0)) AS cache_read,
                 sum(greatest(coalesce(output, 0), 0)) AS output, sum(greatest(coalesce(cost_nano_usd, 0), 0)) AS cost,
                 count(*) FILTER (WHERE is_turn = 1 AND cost_nano_usd IS NULL) AS unpriced, min(captured_at) AS first, max(captured_at) AS last
          FROM exchanges GROUP BY org, session
        ) e ON e.org = s.org AND e.session = s.session
        WHERE (s.exchanges, s.turns, s.attempts, s.errors, s.input, s.cache_read, s.output, s.cost_nano_usd, s.unpriced_turns) IS DISTINCT FROM
              (coalesce(e.exchanges, 0), coalesce(e.turns, 0), coalesce(e.attempts, 0),
               coalesce(e.errors, 0), coalesce(e.input, 0), coalesce(e.cache_read, 0),
               coalesce(e.output, 0), coalesce(e.cost, 0), coalesce(e.unpriced, 0))
           OR (s.first_seen_at, s.last_seen_at) IS DISTINCT FROM (e.first, e.last)
           OR s.nodes <> (SELECT count(*) FROM session_nodes m WHERE m.org = s.org AND m.session = s.session)
           OR s.tool_calls <> (SELECT count(asked_by) FROM tool_calls t WHERE t.org = s.org AND t.session = s.session)
           OR s.named_by <> (SELECT count(*) FROM sessions c WHERE c.org = s.org AND (c.claimed_parent = s.session OR c.merged_into = s.session))
        """,
        """
        SELECT 'turn numbers of ' || session FROM (
          SELECT session, seq, row_number() OVER (PARTITION BY org, session ORDER BY captured_at, exchange_id) AS place FROM exchanges WHERE is_turn = 1 AND session IS NOT NULL
        ) t WHERE seq IS DISTINCT FROM place
        """,
        "SELECT 'depth of ' || encode(n.hash, 'hex') FROM nodes n JOIN nodes p ON p.org = n.org AND p.hash = n.parent WHERE n.depth <> p.depth + 1",
        """
        SELECT 'chain of ' || m.session FROM session_nodes m JOIN nodes n ON n.org = m.org AND n.hash = m.hash
        WHERE n.parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM session_nodes q WHERE q.org = m.org AND q.session = m.session AND q.hash = n.parent)
        """,
        """
        SELECT 'leaf of ' || e.exchange_id FROM exchanges e JOIN nodes n ON n.org = e.org AND n.hash = e.leaf
        WHERE e.chain_length <> n.depth + 1
           OR (e.own_session IS NOT NULL AND NOT EXISTS (SELECT 1 FROM session_nodes m WHERE m.org = e.org AND m.session = e.own_session AND m.hash = e.leaf))
        """,
        """
        SELECT 'receipt of ' || e.exchange_id FROM exchanges e
        WHERE NOT EXISTS (SELECT 1 FROM receipts r WHERE r.org = e.org AND r.commit_key = e.commit_key AND r.exchange_id = e.exchange_id)
        """,
        """
        SELECT 'placeholder ' || s.session FROM sessions s
        WHERE s.is_placeholder = 1 AND ((s.named_by = 0 AND s.merged_into IS NULL) OR EXISTS (SELECT 1 FROM exchanges e WHERE e.org = s.org AND e.session = s.session))
        """,
        """
        WITH RECURSIVE above (org, session, ancestor) AS (
          SELECT org, session, parent FROM sessions WHERE parent IS NOT NULL
          UNION
          SELECT a.org, a.session, p.parent FROM above a JOIN sessions p ON p.org = a.org AND p.session = a.ancestor WHERE p.parent IS NOT NULL
        )
        SELECT 'circle at ' || session FROM above WHERE session = ancestor
        """,
        "SELECT 'commit order of ' || org FROM (SELECT org, count(DISTINCT ingested) AS numbers, count(*) AS rows FROM exchanges GROUP BY org) e WHERE numbers <> rows",
    ];
}
