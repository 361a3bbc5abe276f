-- Times are microseconds since the Unix epoch, UTC. Money is nano-USD. Hashes are raw SHA-256. NULL is «not told», never zero.
-- Surrogate integers join the tables; the names that the outside knows (org_id, session_id, exchange_id) stand once each.

CREATE TABLE orgs (
  org    INTEGER PRIMARY KEY,
  org_id TEXT NOT NULL UNIQUE CHECK (length(org_id) = 36)
);

CREATE TABLE sessions (
  session            INTEGER PRIMARY KEY,
  session_id         TEXT NOT NULL UNIQUE,
  org                INTEGER NOT NULL REFERENCES orgs (org),
  is_placeholder     INTEGER NOT NULL CHECK (is_placeholder IN (0, 1)),
  first_seen_at      INTEGER,
  last_seen_at       INTEGER,
  -- At or behind the last turn, by capture: what comes later is numbered without a look at the others.
  last_turn_at       INTEGER,
  last_turn_id       BLOB,
  -- What the winning claim points at, before cycles are refused; parent is what is left after.
  claimed_parent     INTEGER REFERENCES sessions (session),
  parent             INTEGER REFERENCES sessions (session),
  named_by           INTEGER NOT NULL DEFAULT 0 CHECK (named_by >= 0),
  exchanges          INTEGER NOT NULL DEFAULT 0 CHECK (exchanges >= 0),
  turns              INTEGER NOT NULL DEFAULT 0 CHECK (turns >= 0),
  attempts           INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  errors             INTEGER NOT NULL DEFAULT 0 CHECK (errors >= 0),
  input              INTEGER NOT NULL DEFAULT 0 CHECK (input >= 0),
  cache_read         INTEGER NOT NULL DEFAULT 0 CHECK (cache_read >= 0),
  cache_write_5m     INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_5m >= 0),
  cache_write_1h     INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_1h >= 0),
  output             INTEGER NOT NULL DEFAULT 0 CHECK (output >= 0),
  reasoning          INTEGER NOT NULL DEFAULT 0 CHECK (reasoning >= 0),
  cost_nano_usd      INTEGER NOT NULL DEFAULT 0 CHECK (cost_nano_usd >= 0),
  unpriced_turns     INTEGER NOT NULL DEFAULT 0 CHECK (unpriced_turns >= 0),
  tool_calls         INTEGER NOT NULL DEFAULT 0 CHECK (tool_calls >= 0),
  nodes              INTEGER NOT NULL DEFAULT 0 CHECK (nodes >= 0),
  pinned_at          INTEGER,
  erased_at          INTEGER,
  harness_id         TEXT NOT NULL,
  harness_session_id TEXT NOT NULL,
  claim_harness_id   TEXT,
  claim_session_id   TEXT,
  parent_resolution  TEXT CHECK (parent_resolution IN ('explicit', 'same_harness', 'unique_other', 'unresolved', 'ambiguous', 'refused')),
  pin_reason         TEXT,
  id_origin          TEXT,
  auth_subject       TEXT,
  harness_version    TEXT,
  user_agent         TEXT,
  name               TEXT,
  cwd                TEXT,
  metadata           TEXT,
  -- Each descriptive field with the clock of the exchange that said it last; the columns above are its projection.
  facts              TEXT NOT NULL DEFAULT '{}',
  UNIQUE (org, harness_id, harness_session_id),
  CHECK (parent IS NULL OR parent <> session),
  CHECK (is_placeholder = 0 OR (exchanges = 0 AND nodes = 0 AND tool_calls = 0 AND auth_subject IS NULL AND first_seen_at IS NULL))
);

CREATE INDEX sessions_by_last_seen ON sessions (org, coalesce(last_seen_at, -1) DESC, session_id);
CREATE INDEX sessions_by_harness_session ON sessions (org, harness_session_id);
CREATE INDEX sessions_by_claimed_parent ON sessions (claimed_parent) WHERE claimed_parent IS NOT NULL;
CREATE INDEX sessions_by_parent ON sessions (parent) WHERE parent IS NOT NULL;
CREATE INDEX sessions_erased ON sessions (erased_at) WHERE erased_at IS NOT NULL;
CREATE INDEX sessions_pinned ON sessions (pinned_at) WHERE pinned_at IS NOT NULL;
CREATE INDEX sessions_by_claim ON sessions (org, claim_session_id) WHERE claim_session_id IS NOT NULL AND claim_harness_id IS NULL;

-- Every parent that a session ever named; the latest named wins. An empty harness is «not told».
CREATE TABLE parent_claims (
  session            INTEGER NOT NULL REFERENCES sessions (session) ON DELETE CASCADE,
  parent_harness_id  TEXT NOT NULL,
  parent_session_id  TEXT NOT NULL,
  first_claimed_at   INTEGER NOT NULL,
  first_claimed_by   BLOB NOT NULL,
  last_claimed_at    INTEGER NOT NULL,
  last_claimed_by    BLOB NOT NULL,
  PRIMARY KEY (session, parent_harness_id, parent_session_id)
) WITHOUT ROWID;

-- A rowid table with a unique index on the hash: a hash as the clustering key costs more than twice as much to insert.
CREATE TABLE nodes (
  node        INTEGER PRIMARY KEY,
  org         INTEGER NOT NULL REFERENCES orgs (org),
  hash        BLOB NOT NULL CHECK (length(hash) = 32),
  parent      INTEGER REFERENCES nodes (node),
  depth       INTEGER NOT NULL CHECK ((parent IS NULL) = (depth = 0)),
  -- The first half of the body's SHA-256: whether another body under the same hash is the same body.
  body_digest BLOB NOT NULL CHECK (length(body_digest) = 16),
  role        TEXT NOT NULL,
  body        BLOB NOT NULL
);

CREATE UNIQUE INDEX nodes_by_hash ON nodes (hash, org);
CREATE INDEX nodes_by_parent ON nodes (parent) WHERE parent IS NOT NULL;

CREATE TABLE session_nodes (
  session    INTEGER NOT NULL REFERENCES sessions (session),
  node       INTEGER NOT NULL REFERENCES nodes (node),
  -- The session's first exchange, by capture, that carried it; and what that one said, where the node holds something else.
  carried_at INTEGER NOT NULL,
  carried_by BLOB NOT NULL,
  body       BLOB,
  PRIMARY KEY (session, node)
) WITHOUT ROWID;

CREATE INDEX session_nodes_by_node ON session_nodes (node);

-- System prompts and tool definitions, as canonical JSON.
CREATE TABLE blobs (
  blob    INTEGER PRIMARY KEY,
  org     INTEGER NOT NULL REFERENCES orgs (org),
  hash    BLOB NOT NULL CHECK (length(hash) = 32),
  content BLOB NOT NULL
);

CREATE UNIQUE INDEX blobs_by_hash ON blobs (hash, org);

-- How calls come and what they ask of whom: a few rows, named by many exchanges.
CREATE TABLE routes (
  route        INTEGER PRIMARY KEY,
  door         TEXT NOT NULL CHECK (door IN ('forwarding', 'ext_proc', 'ingest')),
  capture_mode TEXT NOT NULL,
  method       TEXT NOT NULL,
  http_version TEXT NOT NULL,
  upstream     TEXT NOT NULL,
  provider     TEXT NOT NULL,
  endpoint     TEXT NOT NULL,
  UNIQUE (endpoint, door, capture_mode, method, http_version, upstream, provider)
);

CREATE TABLE callers (
  caller          INTEGER PRIMARY KEY,
  harness_id      TEXT NOT NULL,
  harness_version TEXT NOT NULL,
  evidence        TEXT NOT NULL,
  UNIQUE (harness_id, harness_version, evidence)
);

CREATE TABLE journals (
  journal    INTEGER PRIMARY KEY,
  journal_id BLOB NOT NULL UNIQUE CHECK (length(journal_id) = 16)
);

CREATE TABLE exchanges (
  -- The order of commits: grows with every one, never reused.
  ingested            INTEGER PRIMARY KEY AUTOINCREMENT,
  exchange_id         BLOB NOT NULL CHECK (length(exchange_id) = 16),
  org                 INTEGER NOT NULL REFERENCES orgs (org),
  -- own_session is the session that the exchange itself named; session also holds the one that adopted it.
  own_session         INTEGER REFERENCES sessions (session),
  session             INTEGER REFERENCES sessions (session),
  captured_at         INTEGER NOT NULL,
  duration_us         INTEGER,
  ttfb_us             INTEGER,
  route               INTEGER NOT NULL REFERENCES routes (route),
  caller              INTEGER NOT NULL REFERENCES callers (caller),
  stream              INTEGER NOT NULL CHECK (stream IN (0, 1)),
  status              INTEGER,
  -- has_reply is a fact of the exchange; is_turn is what its retries leave of it, seq its number among the turns of its session.
  has_reply           INTEGER NOT NULL CHECK (has_reply IN (0, 1)),
  is_turn             INTEGER NOT NULL CHECK (is_turn IN (0, 1)),
  seq                 INTEGER CHECK (seq >= 1),
  -- The first eight bytes of the hash: random keys cost as much as they are wide.
  retry_key           INTEGER,
  attempt             INTEGER NOT NULL CHECK (attempt >= 1),
  retry_of            BLOB,
  usage_final         INTEGER CHECK (usage_final IN (0, 1)),
  input               INTEGER,
  cache_read          INTEGER,
  cache_write_5m      INTEGER,
  cache_write_1h      INTEGER,
  output              INTEGER,
  reasoning           INTEGER,
  cost_nano_usd       INTEGER,
  cost_reported_nano_usd INTEGER,
  -- The first before the leaf: that one's key holds for both.
  root                INTEGER,
  leaf                INTEGER REFERENCES nodes (node),
  chain_length        INTEGER,
  prompt_length       INTEGER,
  projection          INTEGER,
  system              INTEGER REFERENCES blobs (blob),
  tools               INTEGER REFERENCES blobs (blob),
  request_bytes       INTEGER NOT NULL,
  request_truncated   INTEGER NOT NULL CHECK (request_truncated IN (0, 1)),
  response_bytes      INTEGER NOT NULL,
  response_truncated  INTEGER NOT NULL CHECK (response_truncated IN (0, 1)),
  body_journal        INTEGER REFERENCES journals (journal),
  body_segment        INTEGER,
  body_offset         INTEGER,
  body_sequence       INTEGER,
  request_sha256      BLOB,
  response_sha256     BLOB,
  content             TEXT NOT NULL CHECK (content IN ('kept', 'truncated', 'expired', 'erased', 'withheld')),
  outcome             TEXT NOT NULL,
  operation           TEXT NOT NULL,
  commit_key          TEXT NOT NULL,
  client_key          TEXT,
  path                TEXT NOT NULL,
  thread_id           TEXT,
  prompt_id           TEXT,
  request_kind        TEXT,
  connection_id       TEXT,
  model_requested     TEXT,
  model_served        TEXT,
  response_id         TEXT,
  previous_response_id TEXT,
  upstream_request_id TEXT,
  stop_reason         TEXT,
  outcome_reason      TEXT,
  price_book          TEXT,
  -- What a kept answer used, that another exchange counts.
  repeated            TEXT,
  error               TEXT,
  usage_reported      TEXT,
  -- UTF-8.
  reply_text          BLOB,
  reply_reasoning     BLOB,
  reply_tools         TEXT,
  CHECK (is_turn <= has_reply),
  CHECK (own_session IS NULL OR own_session = session)
);

CREATE UNIQUE INDEX exchanges_by_id ON exchanges (exchange_id);
-- Exchanges of one microsecond are put in order by their ids when they are read: sixteen bytes less in every entry.
CREATE INDEX exchanges_by_time ON exchanges (org, captured_at);
CREATE INDEX exchanges_by_session ON exchanges (session, captured_at);
CREATE INDEX exchanges_by_retry_key ON exchanges (retry_key, captured_at) WHERE retry_key IS NOT NULL;
CREATE INDEX exchanges_by_own_session ON exchanges (own_session) WHERE own_session IS NOT session;
-- Whose words are still kept: what retention looks at.
CREATE INDEX exchanges_with_words ON exchanges (captured_at) WHERE content NOT IN ('expired', 'erased');
CREATE INDEX exchanges_by_leaf ON exchanges (leaf) WHERE leaf IS NOT NULL;
CREATE INDEX exchanges_by_system ON exchanges (system) WHERE system IS NOT NULL;
CREATE INDEX exchanges_by_tools ON exchanges (tools) WHERE tools IS NOT NULL;

-- One row a call, filled from either side: the reply that asks and the request that answers.
CREATE TABLE tool_calls (
  session     INTEGER NOT NULL REFERENCES sessions (session),
  call_id     TEXT NOT NULL,
  name        TEXT,
  arguments   TEXT,
  asked_at    INTEGER,
  asked_by    BLOB,
  is_error    INTEGER CHECK (is_error IN (0, 1)),
  answered_at INTEGER,
  answered_by BLOB,
  PRIMARY KEY (session, call_id),
  CHECK (asked_by IS NOT NULL OR answered_by IS NOT NULL)
) WITHOUT ROWID;

-- The answers that the Responses API keeps on its side: a later call names one instead of repeating it, or asks for it again.
-- The session is that of the call that made it, NULL while that is not known; settled when that call heard its end.
CREATE TABLE responses (
  org         INTEGER NOT NULL REFERENCES orgs (org),
  response_id TEXT NOT NULL,
  session     INTEGER REFERENCES sessions (session),
  settled     INTEGER NOT NULL CHECK (settled IN (0, 1)),
  heard_at    INTEGER,
  heard_by    BLOB,
  PRIMARY KEY (org, response_id)
) WITHOUT ROWID;

CREATE INDEX responses_by_session ON responses (session);

-- The only thing that gates counters. A receipt outlives its exchange.
CREATE TABLE receipts (
  org          INTEGER NOT NULL REFERENCES orgs (org),
  commit_key   TEXT NOT NULL,
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  exchange_id  BLOB NOT NULL,
  committed_at INTEGER NOT NULL,
  replays      INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (org, commit_key)
) WITHOUT ROWID;

-- What could not be stored, with the place in the journal where all of it is.
CREATE TABLE dead_letters (
  letter        INTEGER PRIMARY KEY AUTOINCREMENT,
  org_id        TEXT NOT NULL,
  commit_key    TEXT NOT NULL,
  exchange_id   TEXT NOT NULL,
  content_hash  BLOB NOT NULL,
  code          TEXT NOT NULL,
  message       TEXT NOT NULL,
  body_journal  BLOB,
  body_segment  INTEGER,
  body_offset   INTEGER,
  body_sequence INTEGER,
  at            INTEGER NOT NULL,
  UNIQUE (org_id, commit_key, content_hash, code)
);

CREATE TABLE journal_cursors (
  consumer TEXT NOT NULL,
  journal  BLOB NOT NULL CHECK (length(journal) = 16),
  segment  INTEGER NOT NULL,
  "offset" INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (consumer, journal)
) WITHOUT ROWID;

CREATE TABLE leases (
  name       TEXT PRIMARY KEY,
  owner      TEXT NOT NULL,
  token      BLOB NOT NULL,
  fencing    INTEGER NOT NULL CHECK (fencing >= 1),
  claimed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Sessions whose words are on their way out, until nothing is left of them in any file; with_facts: their rows go too.
CREATE TABLE forgetting (
  session    INTEGER PRIMARY KEY,
  with_facts INTEGER NOT NULL CHECK (with_facts IN (0, 1)),
  asked_at   INTEGER NOT NULL,
  -- The last exchange that was there when it was asked.
  up_to      INTEGER NOT NULL
);

-- What a session's counters hold of rows that are gone; under the empty id what sessions held that are gone themselves.
CREATE TABLE archived (
  org                INTEGER NOT NULL REFERENCES orgs (org),
  session_id         TEXT NOT NULL,
  exchanges          INTEGER NOT NULL DEFAULT 0,
  turns              INTEGER NOT NULL DEFAULT 0,
  attempts           INTEGER NOT NULL DEFAULT 0,
  errors             INTEGER NOT NULL DEFAULT 0,
  input              INTEGER NOT NULL DEFAULT 0,
  cache_read         INTEGER NOT NULL DEFAULT 0,
  cache_write_5m     INTEGER NOT NULL DEFAULT 0,
  cache_write_1h     INTEGER NOT NULL DEFAULT 0,
  output             INTEGER NOT NULL DEFAULT 0,
  reasoning          INTEGER NOT NULL DEFAULT 0,
  cost_nano_usd      INTEGER NOT NULL DEFAULT 0,
  unpriced_turns     INTEGER NOT NULL DEFAULT 0,
  tool_calls         INTEGER NOT NULL DEFAULT 0,
  nodes              INTEGER NOT NULL DEFAULT 0,
  first_seen_at      INTEGER,
  last_seen_at       INTEGER,
  PRIMARY KEY (org, session_id)
) WITHOUT ROWID;

INSERT INTO orgs (org, org_id) VALUES (1, '00000000-0000-0000-0000-000000000000');

-- What readers see: the same columns in every store.
CREATE VIEW exchange_records AS
SELECT e.org, e.ingested, e.exchange_id, e.commit_key, e.client_key, o.org_id, s.session_id, s.harness_session_id, s.id_origin, e.thread_id,
       s.claim_harness_id, s.claim_session_id, s.parent_resolution, p.session_id AS parent_session_id, p.harness_id AS parent_harness_id,
       e.captured_at, r.door, r.capture_mode, r.method, e.path, r.http_version, r.upstream, r.provider, r.endpoint, e.operation,
       c.harness_id, c.harness_version, c.evidence, e.connection_id, e.prompt_id, e.request_kind,
       e.stream, e.status, e.outcome, e.outcome_reason, e.error, e.model_requested, e.model_served, e.response_id, e.previous_response_id,
       e.upstream_request_id, e.stop_reason, e.has_reply, e.is_turn, e.seq, e.attempt, e.retry_of,
       e.usage_final, e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.output, e.reasoning, e.usage_reported,
       e.cost_nano_usd, e.cost_reported_nano_usd, e.price_book, e.reply_text, e.reply_reasoning, e.reply_tools,
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

CREATE VIEW session_records AS
SELECT s.org, s.session_id, o.org_id, s.harness_id, s.harness_session_id, s.harness_version, s.id_origin, s.is_placeholder,
       s.auth_subject, s.user_agent, s.name, s.cwd, s.metadata, s.first_seen_at, s.last_seen_at, coalesce(s.last_seen_at, -1) AS activity, s.pinned_at, s.pin_reason, s.erased_at,
       s.claim_harness_id, s.claim_session_id, s.parent_resolution, p.session_id AS parent_session_id, p.harness_id AS parent_harness_id,
       s.exchanges, s.turns, s.attempts, s.errors, s.input, s.cache_read, s.cache_write_5m, s.cache_write_1h, s.output, s.reasoning,
       s.cost_nano_usd, s.unpriced_turns, s.tool_calls, s.nodes
FROM sessions s
JOIN orgs o ON o.org = s.org
LEFT JOIN sessions p ON p.session = s.parent;

CREATE VIEW session_models AS
SELECT s.org, s.session_id, coalesce(e.model_served, e.model_requested) AS model
FROM exchanges e
JOIN sessions s ON s.session = e.session
WHERE coalesce(e.model_served, e.model_requested) IS NOT NULL;

CREATE VIEW session_claims AS
SELECT s.org, s.session_id, k.parent_harness_id, k.parent_session_id, k.first_claimed_at, k.last_claimed_at, k.last_claimed_by
FROM parent_claims k
JOIN sessions s ON s.session = k.session;

CREATE VIEW session_tools AS
SELECT s.org, s.session_id, t.call_id, t.name, t.arguments, t.asked_at, t.asked_by, t.is_error, t.answered_at, t.answered_by
FROM tool_calls t
JOIN sessions s ON s.session = t.session;

CREATE VIEW session_messages AS
SELECT s.org, s.session_id, n.hash, p.hash AS parent_hash, n.depth, n.role, coalesce(m.body, n.body) AS body
FROM session_nodes m
JOIN sessions s ON s.session = m.session
JOIN nodes n ON n.node = m.node
LEFT JOIN nodes p ON p.node = n.parent;

CREATE VIEW messages AS
SELECT n.org, n.hash, p.hash AS parent_hash, n.depth, n.role, n.body
FROM nodes n
LEFT JOIN nodes p ON p.node = n.parent;
