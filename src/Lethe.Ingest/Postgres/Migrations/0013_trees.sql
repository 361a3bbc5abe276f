-- Who hangs below whom, and what went wrong in a session, without a look at all that it holds.

-- Of sessions whose parent is known.
CREATE VIEW session_links AS
SELECT org, session AS session_id, parent AS parent_session_id FROM sessions WHERE parent IS NOT NULL;

-- Calls that were refused or cut, whether a turn came of them or not.
CREATE INDEX exchanges_failed ON exchanges (org, session, outcome) WHERE outcome <> 'completed';
CREATE VIEW session_failures AS
SELECT org, session AS session_id, outcome FROM exchanges WHERE outcome <> 'completed' AND session IS NOT NULL;

CREATE INDEX tool_calls_failed ON tool_calls (org, session) WHERE is_error = 1;

-- Calls that asked a model what their conversation is about.
CREATE INDEX exchanges_of_titles ON exchanges (org, session, captured_at) WHERE request_kind = 'title';
CREATE VIEW session_titles AS
SELECT org, session AS session_id, captured_at, exchange_id, reply_text
FROM exchanges
WHERE request_kind = 'title' AND reply_text IS NOT NULL AND session IS NOT NULL;

CREATE VIEW session_calls AS
SELECT org, session AS session_id, captured_at, exchange_id, outcome, is_turn, request_kind, reply_tools,
       coalesce(cache_read, 0) AS cache_read, coalesce(cache_write_5m, 0) + coalesce(cache_write_1h, 0) AS cache_write, coalesce(input, 0) AS input
FROM exchanges
WHERE session IS NOT NULL;

-- Which prompts and which tools were sent by whom, call by call.
CREATE VIEW prompt_uses AS
SELECT e.org, e.captured_at, e.session AS session_id, c.harness_id, c.harness_version, e.system AS system_hash, e.tools AS tools_hash
FROM exchanges e
JOIN callers c ON c.org = e.org AND c.caller = e.caller
WHERE e.system IS NOT NULL OR e.tools IS NOT NULL;
