-- What a call's cost is made of, as JSON: {"input":…,"cache_read":…,"cache_write":…,"output":…,"other":…}, nano-USD.
ALTER TABLE exchanges ADD COLUMN cost_parts text;

DROP VIEW exchange_records;
CREATE VIEW exchange_records AS
SELECT e.org, e.ingested, e.exchange_id, e.commit_key, e.client_key, e.org::text AS org_id, e.session AS session_id, s.harness_session_id, s.id_origin, e.thread_id,
       s.claim_harness_id, s.claim_session_id, s.parent_resolution, s.parent AS parent_session_id, p.harness_id AS parent_harness_id,
       e.captured_at, e.door, e.capture_mode, e.method, e.path, e.http_version, e.upstream, e.provider, e.endpoint, e.operation,
       c.harness_id, c.harness_version, c.evidence, e.connection_id, e.prompt_id, e.request_kind,
       e.stream, e.status, e.outcome, e.outcome_reason, e.error, e.model_requested, e.model_served, e.response_id, e.previous_response_id,
       e.upstream_request_id, e.stop_reason, e.has_reply, e.is_turn, e.seq, e.attempt, e.retry_of,
       e.usage_final, e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.output, e.reasoning, e.usage_reported,
       e.cost_nano_usd, e.cost_parts, e.cost_reported_nano_usd, e.price_book, e.reply_text, e.reply_reasoning, e.reply_tools,
       e.root AS root_hash, e.leaf AS leaf_hash, e.chain_length, e.prompt_length, e.projection,
       e.system AS system_hash, e.tools AS tools_hash, e.content,
       e.ttfb_us, e.duration_us, e.request_bytes, e.request_sha256, e.request_truncated,
       e.response_bytes, e.response_sha256, e.response_truncated,
       e.body_journal, e.body_segment, e.body_offset, e.body_sequence, q.replays
FROM exchanges e
JOIN callers c ON c.org = e.org AND c.caller = e.caller
LEFT JOIN receipts q ON q.org = e.org AND q.commit_key = e.commit_key
LEFT JOIN sessions s ON s.org = e.org AND s.session = e.session
LEFT JOIN sessions p ON p.org = s.org AND p.session = s.parent;
