-- Answers by their vendors' ids, so that a call which somebody else's record tells of too is counted once.

INSERT INTO responses (org, response_id, session, settled)
SELECT e.org, e.response_id, min(e.session::text)::uuid, 1
FROM exchanges e
WHERE e.endpoint = 'messages' AND e.response_id <> '' AND e.session IS NOT NULL
GROUP BY e.org, e.response_id
ON CONFLICT DO NOTHING;

CREATE OR REPLACE VIEW cached_calls AS
SELECT e.org, e.exchange_id, e.session AS session_id, e.captured_at, e.provider, coalesce(e.model_served, e.model_requested) AS model, e.request_kind, e.operation,
       e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.prompt_length, e.leaf AS leaf_hash, e.system AS system_hash, e.tools AS tools_hash,
       e.cache_marks, e.cache_parameters, e.cache_diagnosis, e.cache_missed, e.capture_mode
FROM exchanges e;
