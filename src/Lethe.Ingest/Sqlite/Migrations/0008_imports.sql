-- Answers by their vendors' ids, so that a call which somebody else's record tells of too is counted once.

INSERT OR IGNORE INTO responses (org, response_id, session, settled)
SELECT e.org, e.response_id, min(e.session), 1
FROM exchanges e
JOIN routes r ON r.route = e.route
WHERE r.endpoint = 'messages' AND e.response_id <> '' AND e.session IS NOT NULL
GROUP BY e.org, e.response_id;

DROP VIEW cached_calls;
CREATE VIEW cached_calls AS
SELECT e.org, e.exchange_id, s.session_id, e.captured_at, r.provider, coalesce(e.model_served, e.model_requested) AS model, e.request_kind, e.operation,
       e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.prompt_length, leaf.hash AS leaf_hash, system.hash AS system_hash, tools.hash AS tools_hash,
       e.cache_marks, e.cache_parameters, e.cache_diagnosis, e.cache_missed, r.capture_mode
FROM exchanges e
JOIN routes r ON r.route = e.route
LEFT JOIN sessions s ON s.session = e.session
LEFT JOIN nodes leaf ON leaf.node = e.leaf
LEFT JOIN blobs system ON system.blob = e.system
LEFT JOIN blobs tools ON tools.blob = e.tools;
