-- What became of tools, where conversations part and come together again, and what a vendor's cache depends on.

ALTER TABLE tool_calls ADD COLUMN is_cancelled INTEGER CHECK (is_cancelled IN (0, 1));
CREATE INDEX tool_calls_by_answer ON tool_calls (answered_by) WHERE answered_by IS NOT NULL;

-- Where the request asked for its beginning to be kept; a hash of what else that depends on; the vendor's own word on what was missed, in tokens too.
ALTER TABLE exchanges ADD COLUMN cache_marks TEXT;
ALTER TABLE exchanges ADD COLUMN cache_parameters INTEGER;
ALTER TABLE exchanges ADD COLUMN cache_diagnosis TEXT;
ALTER TABLE exchanges ADD COLUMN cache_missed INTEGER;

DROP VIEW session_tools;
CREATE VIEW session_tools AS
SELECT s.org, s.session_id, t.call_id, t.name, t.arguments, t.asked_at, t.asked_by, t.is_error, t.is_cancelled, t.answered_at, t.answered_by
FROM tool_calls t
JOIN sessions s ON s.session = t.session;

-- Outcomes by the call that brought them; asked_until is when the answer that asked had come to its end.
CREATE VIEW tool_outcomes AS
SELECT s.org, t.call_id, t.is_error, t.is_cancelled, t.answered_at, t.answered_by, a.captured_at + a.duration_us AS asked_until
FROM tool_calls t
JOIN sessions s ON s.session = t.session
LEFT JOIN exchanges a ON a.exchange_id = t.asked_by;

CREATE VIEW cached_calls AS
SELECT e.org, e.exchange_id, s.session_id, e.captured_at, r.provider, coalesce(e.model_served, e.model_requested) AS model, e.request_kind, e.operation,
       e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.prompt_length, leaf.hash AS leaf_hash, system.hash AS system_hash, tools.hash AS tools_hash,
       e.cache_marks, e.cache_parameters, e.cache_diagnosis, e.cache_missed
FROM exchanges e
JOIN routes r ON r.route = e.route
LEFT JOIN sessions s ON s.session = e.session
LEFT JOIN nodes leaf ON leaf.node = e.leaf
LEFT JOIN blobs system ON system.blob = e.system
LEFT JOIN blobs tools ON tools.blob = e.tools;

-- The call before, in the same conversation: not one beside it.
CREATE VIEW calls_before AS
SELECT e.org, e.exchange_id, (
    SELECT p.exchange_id
    FROM exchanges p
    WHERE p.session = e.session AND p.captured_at <= e.captured_at AND (p.captured_at, p.exchange_id) < (e.captured_at, e.exchange_id)
      AND p.thread_id IS e.thread_id AND p.input IS NOT NULL AND coalesce(p.request_kind, 'main') IN ('main', 'sub_agent')
    ORDER BY p.captured_at DESC, p.exchange_id DESC
    LIMIT 1) AS before_id
FROM exchanges e
WHERE coalesce(e.request_kind, 'main') IN ('main', 'sub_agent');

-- Answers by their last message.
CREATE VIEW answers_by_leaf AS
SELECT n.org, n.hash AS leaf_hash, e.exchange_id, e.captured_at, coalesce(e.model_served, e.model_requested) AS model, e.input, s.session_id
FROM nodes n
JOIN exchanges e ON e.leaf = n.node
JOIN sessions s ON s.session = e.session
WHERE e.has_reply = 1;

CREATE VIEW message_steps AS
SELECT n.org, n.hash, n.depth, n.role, p.hash AS parent_hash
FROM nodes n
LEFT JOIN nodes p ON p.node = n.parent;

CREATE VIEW session_forks AS
SELECT org, session_id, json_extract(facts, '$.forked_from[0]') AS forked_from
FROM sessions;
