-- A session that went over into another: its key stays, and means that one. It has nothing of its own any more.

ALTER TABLE sessions ADD COLUMN merged_into INTEGER REFERENCES sessions (session) CHECK (merged_into IS NULL OR (merged_into <> session AND is_placeholder = 1));
CREATE INDEX sessions_by_merge ON sessions (merged_into) WHERE merged_into IS NOT NULL;

DROP VIEW session_records;
CREATE VIEW session_records AS
SELECT s.org, s.session_id, o.org_id, s.harness_id, s.harness_session_id, s.harness_version, s.id_origin, s.is_placeholder,
       s.auth_subject, s.user_agent, s.name, s.cwd, s.metadata, s.first_seen_at, s.last_seen_at, coalesce(s.last_seen_at, -1) AS activity, s.pinned_at, s.pin_reason, s.erased_at,
       s.claim_harness_id, s.claim_session_id, s.parent_resolution, p.session_id AS parent_session_id, p.harness_id AS parent_harness_id,
       s.exchanges, s.turns, s.attempts, s.errors, s.input, s.cache_read, s.cache_write_5m, s.cache_write_1h, s.output, s.reasoning,
       s.cost_nano_usd, s.unpriced_turns, s.tool_calls, s.nodes
FROM sessions s
JOIN orgs o ON o.org = s.org
LEFT JOIN sessions p ON p.session = s.parent
WHERE s.merged_into IS NULL;

CREATE VIEW session_aliases AS
SELECT a.org, a.session_id AS alias_id, a.harness_id, a.harness_session_id, s.session_id
FROM sessions a
JOIN sessions s ON s.session = a.merged_into;
