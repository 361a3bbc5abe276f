-- Times are microseconds since the Unix epoch, UTC. Money is nano-USD. Hashes are raw SHA-256. NULL is «not told», never zero.
-- Every key begins with the organisation, so that the tables can be spread over several servers by it.

CREATE TABLE orgs (
  org uuid PRIMARY KEY,
  -- The order of commits in this organisation: taken last in a transaction, so that what is seen behind a number is all that there is before it.
  ingested bigint NOT NULL DEFAULT 0
);

CREATE TABLE sessions (
  org                uuid NOT NULL REFERENCES orgs (org),
  session            uuid NOT NULL,
  is_placeholder     bigint NOT NULL CHECK (is_placeholder IN (0, 1)),
  first_seen_at      bigint,
  last_seen_at       bigint,
  -- At or behind the last turn, by capture: what comes later is numbered without a look at the others.
  last_turn_at       bigint,
  last_turn_id       uuid,
  -- What the winning claim points at, before cycles are refused; parent is what is left after.
  claimed_parent     uuid,
  parent             uuid,
  named_by           bigint NOT NULL DEFAULT 0 CHECK (named_by >= 0),
  exchanges          bigint NOT NULL DEFAULT 0 CHECK (exchanges >= 0),
  turns              bigint NOT NULL DEFAULT 0 CHECK (turns >= 0),
  attempts           bigint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  errors             bigint NOT NULL DEFAULT 0 CHECK (errors >= 0),
  input              bigint NOT NULL DEFAULT 0 CHECK (input >= 0),
  cache_read         bigint NOT NULL DEFAULT 0 CHECK (cache_read >= 0),
  cache_write_5m     bigint NOT NULL DEFAULT 0 CHECK (cache_write_5m >= 0),
  cache_write_1h     bigint NOT NULL DEFAULT 0 CHECK (cache_write_1h >= 0),
  output             bigint NOT NULL DEFAULT 0 CHECK (output >= 0),
  reasoning          bigint NOT NULL DEFAULT 0 CHECK (reasoning >= 0),
  cost_nano_usd      bigint NOT NULL DEFAULT 0 CHECK (cost_nano_usd >= 0),
  unpriced_turns     bigint NOT NULL DEFAULT 0 CHECK (unpriced_turns >= 0),
  tool_calls         bigint NOT NULL DEFAULT 0 CHECK (tool_calls >= 0),
  nodes              bigint NOT NULL DEFAULT 0 CHECK (nodes >= 0),
  pinned_at          bigint,
  erased_at          bigint,
  harness_id         text NOT NULL,
  harness_session_id text COLLATE "C" NOT NULL,
  claim_harness_id   text,
  claim_session_id   text,
  parent_resolution  text CHECK (parent_resolution IN ('explicit', 'same_harness', 'unique_other', 'unresolved', 'ambiguous', 'refused')),
  pin_reason         text,
  id_origin          text,
  auth_subject       text,
  harness_version    text,
  user_agent         text,
  name               text,
  cwd                text,
  metadata           text,
  -- Each descriptive field with the clock of the exchange that said it last; the columns above are its projection.
  facts              text NOT NULL DEFAULT '{}',
  PRIMARY KEY (org, session),
  UNIQUE (org, harness_id, harness_session_id),
  FOREIGN KEY (org, claimed_parent) REFERENCES sessions (org, session),
  FOREIGN KEY (org, parent) REFERENCES sessions (org, session),
  CHECK (parent <> session),
  CHECK (is_placeholder = 0 OR (exchanges = 0 AND nodes = 0 AND tool_calls = 0 AND auth_subject IS NULL AND first_seen_at IS NULL))
);

CREATE INDEX sessions_by_last_seen ON sessions (org, coalesce(last_seen_at, -1) DESC, session);
CREATE INDEX sessions_by_harness_session ON sessions (org, harness_session_id);
CREATE INDEX sessions_by_claimed_parent ON sessions (org, claimed_parent) WHERE claimed_parent IS NOT NULL;
CREATE INDEX sessions_by_parent ON sessions (org, parent) WHERE parent IS NOT NULL;
CREATE INDEX sessions_by_claim ON sessions (org, claim_session_id) WHERE claim_session_id IS NOT NULL AND claim_harness_id IS NULL;

-- Every parent that a session ever named; the latest named wins. An empty harness is «not told».
CREATE TABLE parent_claims (
  org                uuid NOT NULL,
  session            uuid NOT NULL,
  parent_harness_id  text NOT NULL,
  parent_session_id  text NOT NULL,
  first_claimed_at   bigint NOT NULL,
  first_claimed_by   uuid NOT NULL,
  last_claimed_at    bigint NOT NULL,
  last_claimed_by    uuid NOT NULL,
  PRIMARY KEY (org, session, parent_harness_id, parent_session_id),
  FOREIGN KEY (org, session) REFERENCES sessions (org, session) ON DELETE CASCADE
);

CREATE TABLE nodes (
  org         uuid NOT NULL REFERENCES orgs (org),
  hash        bytea NOT NULL CHECK (octet_length(hash) = 32),
  parent      bytea,
  depth       bigint NOT NULL CHECK ((parent IS NULL) = (depth = 0)),
  -- The first half of the body's SHA-256: whether another body under the same hash is the same body.
  body_digest bytea NOT NULL CHECK (octet_length(body_digest) = 16),
  role        text NOT NULL,
  body        bytea NOT NULL,
  PRIMARY KEY (org, hash),
  FOREIGN KEY (org, parent) REFERENCES nodes (org, hash)
);

CREATE INDEX nodes_by_parent ON nodes (org, parent) WHERE parent IS NOT NULL;

CREATE TABLE session_nodes (
  org        uuid NOT NULL,
  session    uuid NOT NULL,
  hash       bytea NOT NULL,
  -- The session's first exchange, by capture, that carried it; and what that one said, where the node holds something else.
  carried_at bigint NOT NULL,
  carried_by uuid NOT NULL,
  body       bytea,
  PRIMARY KEY (org, session, hash),
  FOREIGN KEY (org, session) REFERENCES sessions (org, session),
  FOREIGN KEY (org, hash) REFERENCES nodes (org, hash)
);

CREATE INDEX session_nodes_by_node ON session_nodes (org, hash);

-- System prompts and tool definitions, as canonical JSON.
CREATE TABLE blobs (
  org     uuid NOT NULL REFERENCES orgs (org),
  hash    bytea NOT NULL CHECK (octet_length(hash) = 32),
  content bytea NOT NULL,
  PRIMARY KEY (org, hash)
);

-- Who calls and how that is known: a few rows, named by many exchanges.
CREATE TABLE callers (
  org             uuid NOT NULL REFERENCES orgs (org),
  caller          bytea NOT NULL,
  harness_id      text NOT NULL,
  harness_version text NOT NULL,
  evidence        text NOT NULL,
  PRIMARY KEY (org, caller)
);

-- A partition a month, by capture; made by the recorder that first needs it.
CREATE TABLE exchanges (
  ingested            bigint NOT NULL,
  exchange_id         uuid NOT NULL,
  org                 uuid NOT NULL,
  -- own_session is the session that the exchange itself named; session also holds the one that adopted it.
  own_session         uuid,
  session             uuid,
  captured_at         bigint NOT NULL,
  duration_us         bigint,
  ttfb_us             bigint,
  caller              bytea NOT NULL,
  stream              bigint NOT NULL CHECK (stream IN (0, 1)),
  status              bigint,
  -- has_reply is a fact of the exchange; is_turn is what its retries leave of it, seq its number among the turns of its session.
  has_reply           bigint NOT NULL CHECK (has_reply IN (0, 1)),
  is_turn             bigint NOT NULL CHECK (is_turn IN (0, 1)),
  seq                 bigint CHECK (seq >= 1),
  retry_key           bigint,
  attempt             bigint NOT NULL CHECK (attempt >= 1),
  retry_of            uuid,
  usage_final         bigint CHECK (usage_final IN (0, 1)),
  input               bigint,
  cache_read          bigint,
  cache_write_5m      bigint,
  cache_write_1h      bigint,
  output              bigint,
  reasoning           bigint,
  cost_nano_usd       bigint,
  cost_reported_nano_usd bigint,
  -- The first before the leaf: that one's key holds for both.
  root                bytea,
  leaf                bytea,
  chain_length        bigint,
  prompt_length       bigint,
  projection          bigint,
  system              bytea,
  tools               bytea,
  request_bytes       bigint NOT NULL,
  request_truncated   bigint NOT NULL CHECK (request_truncated IN (0, 1)),
  response_bytes      bigint NOT NULL,
  response_truncated  bigint NOT NULL CHECK (response_truncated IN (0, 1)),
  body_journal        uuid,
  body_segment        bigint,
  body_offset         bigint,
  body_sequence       bigint,
  request_sha256      bytea,
  response_sha256     bytea,
  content             text NOT NULL CHECK (content IN ('kept', 'truncated', 'expired', 'erased', 'withheld')),
  door                text NOT NULL CHECK (door IN ('forwarding', 'ext_proc', 'ingest')),
  capture_mode        text NOT NULL,
  method              text NOT NULL,
  http_version        text NOT NULL,
  upstream            text NOT NULL,
  provider            text NOT NULL,
  endpoint            text NOT NULL,
  outcome             text NOT NULL,
  operation           text NOT NULL,
  commit_key          text NOT NULL,
  client_key          text,
  path                text NOT NULL,
  thread_id           text,
  prompt_id           text,
  request_kind        text,
  connection_id       text,
  model_requested     text,
  model_served        text,
  response_id         text,
  previous_response_id text,
  upstream_request_id text,
  stop_reason         text,
  outcome_reason      text,
  price_book          text,
  -- What a kept answer used, that another exchange counts.
  repeated            text,
  error               text,
  usage_reported      text,
  -- UTF-8.
  reply_text          bytea,
  reply_reasoning     bytea,
  reply_tools         text,
  PRIMARY KEY (org, captured_at, exchange_id),
  FOREIGN KEY (org, session) REFERENCES sessions (org, session),
  FOREIGN KEY (org, own_session) REFERENCES sessions (org, session),
  FOREIGN KEY (org, caller) REFERENCES callers (org, caller),
  FOREIGN KEY (org, leaf) REFERENCES nodes (org, hash),
  FOREIGN KEY (org, system) REFERENCES blobs (org, hash),
  FOREIGN KEY (org, tools) REFERENCES blobs (org, hash),
  CHECK (is_turn <= has_reply),
  CHECK (own_session IS NULL OR own_session = session)
) PARTITION BY RANGE (captured_at);

CREATE INDEX exchanges_by_id ON exchanges (org, exchange_id);
CREATE INDEX exchanges_by_ingested ON exchanges (org, ingested);
CREATE INDEX exchanges_by_session ON exchanges (org, session, captured_at, exchange_id);
CREATE INDEX exchanges_by_retry_key ON exchanges (org, retry_key, captured_at, exchange_id) WHERE retry_key IS NOT NULL;
CREATE INDEX exchanges_by_leaf ON exchanges (org, leaf) WHERE leaf IS NOT NULL;
CREATE INDEX exchanges_by_system ON exchanges (org, system) WHERE system IS NOT NULL;
CREATE INDEX exchanges_by_tools ON exchanges (org, tools) WHERE tools IS NOT NULL;

-- One row a call, filled from either side: the reply that asks and the request that answers.
CREATE TABLE tool_calls (
  org         uuid NOT NULL,
  session     uuid NOT NULL,
  call_id     text NOT NULL,
  name        text,
  arguments   text,
  asked_at    bigint,
  asked_by    uuid,
  is_error    bigint CHECK (is_error IN (0, 1)),
  answered_at bigint,
  answered_by uuid,
  PRIMARY KEY (org, session, call_id),
  FOREIGN KEY (org, session) REFERENCES sessions (org, session),
  CHECK (asked_by IS NOT NULL OR answered_by IS NOT NULL)
);

-- The answers that the Responses API keeps on its side: a later call names one instead of repeating it, or asks for it again.
-- The session is that of the call that made it, NULL while that is not known; settled when that call heard its end.
CREATE TABLE responses (
  org         uuid NOT NULL REFERENCES orgs (org),
  response_id text NOT NULL,
  session     uuid,
  settled     bigint NOT NULL CHECK (settled IN (0, 1)),
  heard_at    bigint,
  heard_by    uuid,
  PRIMARY KEY (org, response_id),
  FOREIGN KEY (org, session) REFERENCES sessions (org, session)
);

CREATE INDEX responses_by_session ON responses (org, session);

-- The only thing that gates counters. A receipt outlives its exchange.
CREATE TABLE receipts (
  org          uuid NOT NULL REFERENCES orgs (org),
  commit_key   text COLLATE "C" NOT NULL,
  content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
  exchange_id  uuid NOT NULL,
  committed_at bigint NOT NULL,
  replays      bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (org, commit_key),
  -- Exchanges lie in months, where no key can tell that an id is there once.
  UNIQUE (org, exchange_id)
);

-- What could not be stored, with the place in the journal where all of it is.
CREATE TABLE dead_letters (
  letter        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  org_id        text NOT NULL,
  commit_key    text NOT NULL,
  exchange_id   text NOT NULL,
  content_hash  bytea NOT NULL,
  code          text NOT NULL,
  message       text NOT NULL,
  body_journal  uuid,
  body_segment  bigint,
  body_offset   bigint,
  body_sequence bigint,
  at            bigint NOT NULL,
  UNIQUE (org_id, commit_key, content_hash, code)
);

-- Each recorder reads a journal of its own.
CREATE TABLE journal_cursors (
  consumer text NOT NULL,
  journal  uuid NOT NULL,
  segment  bigint NOT NULL,
  "offset" bigint NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (consumer, journal)
);

CREATE TABLE leases (
  name       text PRIMARY KEY,
  owner      text NOT NULL,
  token      uuid NOT NULL,
  fencing    bigint NOT NULL CHECK (fencing >= 1),
  claimed_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);

-- What a session's counters hold of rows that are gone.
CREATE TABLE archived (
  org                uuid NOT NULL REFERENCES orgs (org),
  session            uuid NOT NULL,
  exchanges          bigint NOT NULL DEFAULT 0,
  turns              bigint NOT NULL DEFAULT 0,
  attempts           bigint NOT NULL DEFAULT 0,
  errors             bigint NOT NULL DEFAULT 0,
  input              bigint NOT NULL DEFAULT 0,
  cache_read         bigint NOT NULL DEFAULT 0,
  cache_write_5m     bigint NOT NULL DEFAULT 0,
  cache_write_1h     bigint NOT NULL DEFAULT 0,
  output             bigint NOT NULL DEFAULT 0,
  reasoning          bigint NOT NULL DEFAULT 0,
  cost_nano_usd      bigint NOT NULL DEFAULT 0,
  unpriced_turns     bigint NOT NULL DEFAULT 0,
  tool_calls         bigint NOT NULL DEFAULT 0,
  nodes              bigint NOT NULL DEFAULT 0,
  first_seen_at      bigint,
  last_seen_at       bigint,
  PRIMARY KEY (org, session)
);

INSERT INTO orgs (org) VALUES ('00000000-0000-0000-0000-000000000000');

-- What readers see: the same columns in every store.
CREATE VIEW exchange_records AS
SELECT e.org, e.ingested, e.exchange_id, e.commit_key, e.client_key, e.org::text AS org_id, e.session AS session_id, s.harness_session_id, s.id_origin, e.thread_id,
       s.claim_harness_id, s.claim_session_id, s.parent_resolution, s.parent AS parent_session_id, p.harness_id AS parent_harness_id,
       e.captured_at, e.door, e.capture_mode, e.method, e.path, e.http_version, e.upstream, e.provider, e.endpoint, e.operation,
       c.harness_id, c.harness_version, c.evidence, e.connection_id, e.prompt_id, e.request_kind,
       e.stream, e.status, e.outcome, e.outcome_reason, e.error, e.model_requested, e.model_served, e.response_id, e.previous_response_id,
       e.upstream_request_id, e.stop_reason, e.has_reply, e.is_turn, e.seq, e.attempt, e.retry_of,
       e.usage_final, e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.output, e.reasoning, e.usage_reported,
       e.cost_nano_usd, e.cost_reported_nano_usd, e.price_book, e.reply_text, e.reply_reasoning, e.reply_tools,
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

CREATE VIEW session_records AS
SELECT s.org, s.session AS session_id, s.org::text AS org_id, s.harness_id, s.harness_session_id, s.harness_version, s.id_origin, s.is_placeholder,
       s.auth_subject, s.user_agent, s.name, s.cwd, s.metadata, s.first_seen_at, s.last_seen_at, coalesce(s.last_seen_at, -1) AS activity, s.pinned_at, s.pin_reason, s.erased_at,
       s.claim_harness_id, s.claim_session_id, s.parent_resolution, s.parent AS parent_session_id, p.harness_id AS parent_harness_id,
       s.exchanges, s.turns, s.attempts, s.errors, s.input, s.cache_read, s.cache_write_5m, s.cache_write_1h, s.output, s.reasoning,
       s.cost_nano_usd, s.unpriced_turns, s.tool_calls, s.nodes
FROM sessions s
LEFT JOIN sessions p ON p.org = s.org AND p.session = s.parent;

CREATE VIEW session_models AS
SELECT e.org, e.session AS session_id, coalesce(e.model_served, e.model_requested) AS model
FROM exchanges e
WHERE e.session IS NOT NULL AND coalesce(e.model_served, e.model_requested) IS NOT NULL;

CREATE VIEW session_claims AS
SELECT org, session AS session_id, parent_harness_id, parent_session_id, first_claimed_at, last_claimed_at, last_claimed_by FROM parent_claims;

CREATE VIEW session_tools AS
SELECT org, session AS session_id, call_id, name, arguments, asked_at, asked_by, is_error, answered_at, answered_by FROM tool_calls;

CREATE VIEW session_messages AS
SELECT m.org, m.session AS session_id, n.hash, n.parent AS parent_hash, n.depth, n.role, coalesce(m.body, n.body) AS body
FROM session_nodes m
JOIN nodes n ON n.org = m.org AND n.hash = m.hash;

CREATE VIEW messages AS
SELECT org, hash, parent AS parent_hash, depth, role, body FROM nodes;
