-- What a reading costs depends on what it shows, not on what the store holds.

-- Numbers and models beside the place: the turn with a number and the models of a session are told without a look at its rows.
DROP INDEX exchanges_by_session;
CREATE INDEX exchanges_by_session ON exchanges (session, captured_at, seq, model_served, model_requested);
-- By the order of commits, which every entry ends with.
CREATE INDEX exchanges_by_org ON exchanges (org);
CREATE INDEX exchanges_by_first_try ON exchanges (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX sessions_by_id ON sessions (org, session_id);
CREATE INDEX sessions_by_harness ON sessions (org, harness_id, coalesce(last_seen_at, -1) DESC, session_id);

DROP VIEW session_messages;
CREATE VIEW session_messages AS
SELECT n.org, s.session_id, n.hash, p.hash AS parent_hash, n.depth, n.role, coalesce(m.body, n.body) AS body, m.carried_at, m.carried_by
FROM session_nodes m
JOIN sessions s ON s.session = m.session
JOIN nodes n ON n.node = m.node
LEFT JOIN nodes p ON p.node = n.parent;

CREATE VIEW session_turns AS
SELECT s.org, s.session_id, e.seq, e.captured_at, e.exchange_id
FROM exchanges e
JOIN sessions s ON s.session = e.session
WHERE e.seq IS NOT NULL;
