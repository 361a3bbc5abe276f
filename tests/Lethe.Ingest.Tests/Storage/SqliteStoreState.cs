namespace Lethe.Ingest.Tests.Storage;

/// <summary>What the readers do not show, or show of single rows only.</summary>
internal static class SqliteStoreState
{
    public static readonly string[] Rows =
    [
        """
        SELECT o.org_id, f.hour, f.harness_id, f.model, f.project, f.kind, f.is_agent,
        f.exchanges, f.turns, f.attempts, f.errors, f.input, f.cache_read, f.cache_write_5m, f.cache_write_1h, f.output, f.reasoning, f.cost_nano_usd, f.unpriced_turns, f.failed_cost_nano_usd
        FROM figures f JOIN orgs o ON o.org = f.org
        """,
        """
        SELECT o.org_id, f.day, f.harness_id, f.model, f.project, f.kind, f.is_agent, f.exchanges, f.turns, f.cost_nano_usd, f.failed_cost_nano_usd
        FROM figure_days f JOIN orgs o ON o.org = f.org
        """,
        """
        SELECT s.session_id, s.facts, s.is_placeholder, s.named_by, c.session_id, p.session_id, s.claim_harness_id, s.claim_session_id, s.parent_resolution, m.session_id
        FROM sessions s LEFT JOIN sessions c ON c.session = s.claimed_parent LEFT JOIN sessions p ON p.session = s.parent LEFT JOIN sessions m ON m.session = s.merged_into
        """,
        """
        SELECT s.session_id, c.parent_harness_id, c.parent_session_id, c.first_claimed_at, c.first_claimed_by, c.last_claimed_at, c.last_claimed_by
        FROM parent_claims c JOIN sessions s ON s.session = c.session
        """,
        "SELECT o.org_id, n.hash, p.hash, n.depth, n.role, n.continues FROM nodes n JOIN orgs o ON o.org = n.org LEFT JOIN nodes p ON p.node = n.parent",
        "SELECT o.org_id, m.hash, m.parent_hash FROM message_steps m JOIN orgs o ON o.org = m.org",
        """
        SELECT s.session_id, n.hash, m.carried_at, m.carried_by, coalesce(m.body, n.body)
        FROM session_nodes m JOIN sessions s ON s.session = m.session JOIN nodes n ON n.node = m.node
        """,
        "SELECT o.org_id, b.hash, b.content FROM blobs b JOIN orgs o ON o.org = b.org",
        """
        SELECT s.session_id, t.call_id, t.name, t.arguments, t.asked_at, t.asked_by, t.is_error, t.is_cancelled, t.answered_at, t.answered_by
        FROM tool_calls t JOIN sessions s ON s.session = t.session
        """,
        "SELECT o.org_id, r.commit_key, r.content_hash, r.exchange_id FROM receipts r JOIN orgs o ON o.org = r.org",
        "SELECT o.org_id, a.response_id, s.session_id, a.settled, a.heard_at, a.heard_by, a.made_at, a.made_by, a.continued_at, a.continued_by FROM responses a JOIN orgs o ON o.org = a.org LEFT JOIN sessions s ON s.session = a.session",
        """
        SELECT e.exchange_id, s.session_id, e.has_reply, e.is_turn, e.seq, e.retry_key, e.prompt_length, e.repeated
        FROM exchanges e LEFT JOIN sessions s ON s.session = e.own_session
        """,
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
        UNION SELECT 'heard first' FROM exchanges e JOIN routes r ON r.route = e.route WHERE r.endpoint = 'responses_get' AND e.repeated IS NULL
        """;
}
