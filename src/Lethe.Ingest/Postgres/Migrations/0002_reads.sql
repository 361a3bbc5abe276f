-- What a reading costs depends on what it shows, not on what the store holds.

-- Numbers and models beside the place: the turn with a number and the models of a session are told without a look at its rows.
DROP INDEX exchanges_by_session;
CREATE INDEX exchanges_by_session ON exchanges (org, session, captured_at, exchange_id) INCLUDE (seq, model_served, model_requested);
CREATE INDEX exchanges_by_first_try ON exchanges (org, retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX sessions_by_harness ON sessions (org, harness_id, coalesce(last_seen_at, -1) DESC, session);

CREATE OR REPLACE VIEW session_messages AS
SELECT m.org, m.session AS session_id, n.hash, n.parent AS parent_hash, n.depth, n.role, coalesce(m.body, n.body) AS body, m.carried_at, m.carried_by
FROM session_nodes m
JOIN nodes n ON n.org = m.org AND n.hash = m.hash;

CREATE VIEW session_turns AS
SELECT org, session AS session_id, seq, captured_at, exchange_id
FROM exchanges
WHERE seq IS NOT NULL;
