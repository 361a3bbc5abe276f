-- What a call's cost is made of, as JSON: {"input":…,"cache_read":…,"cache_write":…,"output":…,"other":…}, nano-USD.
ALTER TABLE exchanges ADD COLUMN cost_parts TEXT;

DROP VIEW exchange_records;
CREATE VIEW exchange_records AS
SELECT e.org, e.ingested, e.exchange_id, e.commit_key, e.client_key, o.org_id, s.session_id, s.harness_session_id, s.id_origin, e.thread_id,
       s.claim_harness_id, s.claim_session_id, s.parent_resolution, p.session_id AS parent_session_id, p.harness_id AS parent_harness_id,
       e.captured_at, r.door, r.capture_mode, r.method, e.path, r.http_version, r.upstream, r.provider, r.endpoint, e.operation,
       c.harness_id, c.harness_version, c.evidence, e.connection_id, e.prompt_id, e.request_kind,
       e.stream, e.status, e.outcome, e.outcome_reason, e.error, e.model_requested, e.model_served, e.response_id, e.previous_response_id,
       e.upstream_request_id, e.stop_reason, e.has_reply, e.is_turn, e.seq, e.attempt, e.retry_of,
       e.usage_final, e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.output, e.reasoning, e.usage_reported,
       e.cost_nano_usd, e.cost_parts, e.cost_reported_nano_usd, e.price_book, e.reply_text, e.reply_reasoning, e.reply_tools,
       root.hash AS root_hash, leaf.hash AS leaf_hash, e.chain_length, e.prompt_length, e.projection,
       system.hash AS system_hash, tools.hash AS tools_hash, e.content,
       e.ttfb_us, e.duration_us, e.request_bytes, e.request_sha256, e.request_truncated,
       e.response_bytes, e.response_sha256, e.response_truncated,
       j.journal_id AS body_journal, e.body_segment, e.body_offset, e.body_sequence, q.replays
FROM exchanges e
JOIN orgs o ON o.org = e.org
JOIN routes r ON r.route = e.route
JOIN callers c ON c.caller = e.caller
LEFT JOIN receipts q ON q.org = e.org AND q.commit_key = e.commit_key
LEFT JOIN sessions s ON s.session = e.session
LEFT JOIN sessions p ON p.session = s.parent
LEFT JOIN nodes root ON root.node = e.root
LEFT JOIN nodes leaf ON leaf.node = e.leaf
LEFT JOIN blobs system ON system.blob = e.system
LEFT JOIN blobs tools ON tools.blob = e.tools
LEFT JOIN journals j ON j.journal = e.body_journal;
