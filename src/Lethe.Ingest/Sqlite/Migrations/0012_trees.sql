-- Who hangs below whom, and what went wrong in a session, without a look at all that it holds.

-- Of sessions whose parent is known.
CREATE VIEW session_links AS
SELECT s.org, s.session_id, p.session_id AS parent_session_id
FROM sessions s
JOIN sessions p ON p.session = s.parent;

-- Calls that were refused or cut, whether a turn came of them or not.
CREATE INDEX exchanges_failed ON exchanges (session, outcome) WHERE outcome <> 'completed';
CREATE VIEW session_failures AS
SELECT s.org, s.session_id, e.outcome
FROM exchanges e
JOIN sessions s ON s.session = e.session
WHERE e.outcome <> 'completed';

CREATE INDEX tool_calls_failed ON tool_calls (session) WHERE is_error = 1;

-- Calls that asked a model what their conversation is about.
CREATE INDEX exchanges_of_titles ON exchanges (session, captured_at) WHERE request_kind = 'title';
CREATE VIEW session_titles AS
SELECT s.org, s.session_id, e.captured_at, e.exchange_id, e.reply_text
FROM exchanges e
JOIN sessions s ON s.session = e.session
WHERE e.request_kind = 'title' AND e.reply_text IS NOT NULL;

CREATE VIEW session_calls AS
SELECT s.org, s.session_id, e.captured_at, e.exchange_id, e.outcome, e.is_turn, e.request_kind, e.reply_tools,
       coalesce(e.cache_read, 0) AS cache_read, coalesce(e.cache_write_5m, 0) + coalesce(e.cache_write_1h, 0) AS cache_write, coalesce(e.input, 0) AS input
FROM exchanges e
JOIN sessions s ON s.session = e.session;

-- Which prompts and which tools were sent by whom, call by call.
CREATE VIEW prompt_uses AS
SELECT e.org, e.captured_at, s.session_id, c.harness_id, c.harness_version, system.hash AS system_hash, tools.hash AS tools_hash
FROM exchanges e
JOIN callers c ON c.caller = e.caller
LEFT JOIN sessions s ON s.session = e.session
LEFT JOIN blobs system ON system.blob = e.system
LEFT JOIN blobs tools ON tools.blob = e.tools
WHERE e.system IS NOT NULL OR e.tools IS NOT NULL;
