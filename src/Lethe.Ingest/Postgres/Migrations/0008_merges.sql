-- A session that went over into another: its key stays, and means that one. It has nothing of its own any more.

ALTER TABLE sessions ADD COLUMN merged_into uuid CHECK (merged_into IS NULL OR (merged_into <> session AND is_placeholder = 1));
ALTER TABLE sessions ADD FOREIGN KEY (org, merged_into) REFERENCES sessions (org, session);
CREATE INDEX sessions_by_merge ON sessions (org, merged_into) WHERE merged_into IS NOT NULL;

CREATE OR REPLACE VIEW session_records AS
SELECT s.org, s.session AS session_id, s.org::text AS org_id, s.harness_id, s.harness_session_id, s.harness_version, s.id_origin, s.is_placeholder,
       s.auth_subject, s.user_agent, s.name, s.cwd, s.metadata, s.first_seen_at, s.last_seen_at, coalesce(s.last_seen_at, -1) AS activity, s.pinned_at, s.pin_reason, s.erased_at,
       s.claim_harness_id, s.claim_session_id, s.parent_resolution, s.parent AS parent_session_id, p.harness_id AS parent_harness_id,
       s.exchanges, s.turns, s.attempts, s.errors, s.input, s.cache_read, s.cache_write_5m, s.cache_write_1h, s.output, s.reasoning,
       s.cost_nano_usd, s.unpriced_turns, s.tool_calls, s.nodes
FROM sessions s
LEFT JOIN sessions p ON p.org = s.org AND p.session = s.parent
WHERE s.merged_into IS NULL;

CREATE VIEW session_aliases AS
SELECT org, session AS alias_id, harness_id, harness_session_id, merged_into AS session_id
FROM sessions
WHERE merged_into IS NOT NULL;
