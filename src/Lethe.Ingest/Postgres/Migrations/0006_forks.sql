-- What became of tools, where conversations part and come together again, and what a vendor's cache depends on.

ALTER TABLE tool_calls ADD COLUMN is_cancelled bigint CHECK (is_cancelled IN (0, 1));
CREATE INDEX tool_calls_by_answer ON tool_calls (org, answered_by) WHERE answered_by IS NOT NULL;

-- Where the request asked for its beginning to be kept; a hash of what else that depends on; the vendor's own word on what was missed, in tokens too.
ALTER TABLE exchanges ADD COLUMN cache_marks text;
ALTER TABLE exchanges ADD COLUMN cache_parameters bigint;
ALTER TABLE exchanges ADD COLUMN cache_diagnosis text;
ALTER TABLE exchanges ADD COLUMN cache_missed bigint;

DROP VIEW session_tools;
CREATE VIEW session_tools AS
SELECT org, session AS session_id, call_id, name, arguments, asked_at, asked_by, is_error, is_cancelled, answered_at, answered_by FROM tool_calls;

-- Outcomes by the call that brought them; asked_until is when the answer that asked had come to its end.
CREATE VIEW tool_outcomes AS
SELECT t.org, t.call_id, t.is_error, t.is_cancelled, t.answered_at, t.answered_by, a.captured_at + a.duration_us AS asked_until
FROM tool_calls t
LEFT JOIN exchanges a ON a.org = t.org AND a.captured_at = t.asked_at AND a.exchange_id = t.asked_by;

CREATE VIEW cached_calls AS
SELECT e.org, e.exchange_id, e.session AS session_id, e.captured_at, e.provider, coalesce(e.model_served, e.model_requested) AS model, e.request_kind, e.operation,
       e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.prompt_length, e.leaf AS leaf_hash, e.system AS system_hash, e.tools AS tools_hash,
       e.cache_marks, e.cache_parameters, e.cache_diagnosis, e.cache_missed
FROM exchanges e;

-- The call before, in the same conversation: not one beside it.
CREATE VIEW calls_before AS
SELECT e.org, e.exchange_id, (
    SELECT p.exchange_id
    FROM exchanges p
    WHERE p.org = e.org AND p.session = e.session AND p.captured_at <= e.captured_at AND (p.captured_at, p.exchange_id) < (e.captured_at, e.exchange_id)
      AND p.thread_id IS NOT DISTINCT FROM e.thread_id AND p.input IS NOT NULL AND coalesce(p.request_kind, 'main') IN ('main', 'sub_agent')
    ORDER BY p.captured_at DESC, p.exchange_id DESC
    LIMIT 1) AS before_id
FROM exchanges e
WHERE coalesce(e.request_kind, 'main') IN ('main', 'sub_agent');

-- Answers by their last message.
CREATE VIEW answers_by_leaf AS
SELECT e.org, e.leaf AS leaf_hash, e.exchange_id, e.captured_at, coalesce(e.model_served, e.model_requested) AS model, e.input, e.session AS session_id
FROM exchanges e
WHERE e.has_reply = 1 AND e.session IS NOT NULL;

CREATE VIEW message_steps AS
SELECT org, hash, depth, role, parent AS parent_hash FROM nodes;

CREATE VIEW session_forks AS
SELECT org, session AS session_id, facts::json -> 'forked_from' ->> 0 AS forked_from
FROM sessions;
