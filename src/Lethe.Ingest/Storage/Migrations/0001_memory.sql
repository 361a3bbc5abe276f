-- Times are microseconds since the Unix epoch, UTC. Money is nano-USD. Hashes are raw SHA-256. NULL is «not told», never zero.
-- Surrogate integers join the tables; the names that the outside knows (org_id, session_id, exchange_id) stand once each.

CREATE TABLE orgs (
  org    INTEGER PRIMARY KEY,
  org_id TEXT NOT NULL UNIQUE
);

CREATE TABLE sessions (
  session            INTEGER PRIMARY KEY,
  session_id         TEXT NOT NULL UNIQUE,
  org                INTEGER NOT NULL REFERENCES orgs (org),
  harness_id         TEXT NOT NULL,
  harness_session_id TEXT NOT NULL,
  is_placeholder     INTEGER NOT NULL CHECK (is_placeholder IN (0, 1)),
  -- Each descriptive field with the clock of the exchange that said it last; the columns below are its projection.
  facts              TEXT NOT NULL DEFAULT '{}',
  id_origin          TEXT,
  auth_subject       TEXT,
  harness_version    TEXT,
  user_agent         TEXT,
  name               TEXT,
  cwd                TEXT,
  metadata           TEXT,
  first_seen_at      INTEGER,
  last_seen_at       INTEGER,
  -- What the winning claim points at, before cycles are refused; parent is what is left after.
  claimed_parent     INTEGER REFERENCES sessions (session),
  parent             INTEGER REFERENCES sessions (session),
  claim_harness_id   TEXT,
  claim_session_id   TEXT,
  parent_resolution  TEXT CHECK (parent_resolution IN ('explicit', 'same_harness', 'unique_other', 'unresolved', 'ambiguous', 'refused')),
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
  UNIQUE (org, harness_id, harness_session_id),
  CHECK (parent IS NULL OR parent <> session),
  CHECK (is_placeholder = 0 OR (exchanges = 0 AND nodes = 0 AND tool_calls = 0 AND auth_subject IS NULL AND first_seen_at IS NULL))
);

CREATE INDEX sessions_by_last_seen ON sessions (last_seen_at DESC);
CREATE INDEX sessions_by_harness_session ON sessions (harness_session_id);
CREATE INDEX sessions_by_claimed_parent ON sessions (claimed_parent) WHERE claimed_parent IS NOT NULL;
CREATE INDEX sessions_by_parent ON sessions (parent) WHERE parent IS NOT NULL;
CREATE INDEX sessions_by_claim ON sessions (org, claim_session_id) WHERE claim_session_id IS NOT NULL;

-- Every parent that a session ever named; the latest named wins. An empty harness is «not told».
CREATE TABLE parent_claims (
  session            INTEGER NOT NULL REFERENCES sessions (session),
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
  node   INTEGER PRIMARY KEY,
  org    INTEGER NOT NULL REFERENCES orgs (org),
  hash   BLOB NOT NULL CHECK (length(hash) = 32),
  parent INTEGER REFERENCES nodes (node),
  depth  INTEGER NOT NULL CHECK ((parent IS NULL) = (depth = 0)),
  role   TEXT NOT NULL,
  body   BLOB NOT NULL
);

CREATE UNIQUE INDEX nodes_by_hash ON nodes (hash, org);

CREATE TABLE session_nodes (
  session INTEGER NOT NULL REFERENCES sessions (session),
  node    INTEGER NOT NULL REFERENCES nodes (node),
  PRIMARY KEY (session, node)
) WITHOUT ROWID;

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
  door         TEXT NOT NULL,
  method       TEXT NOT NULL,
  path         TEXT NOT NULL,
  http_version TEXT NOT NULL,
  upstream     TEXT NOT NULL,
  provider     TEXT NOT NULL,
  endpoint     TEXT NOT NULL,
  operation    TEXT NOT NULL,
  UNIQUE (path, door, method, http_version, upstream, provider, endpoint, operation)
);

-- Who calls and how that is known: a few rows, named by many exchanges.
CREATE TABLE callers (
  caller          INTEGER PRIMARY KEY,
  harness_id      TEXT NOT NULL,
  harness_version TEXT NOT NULL,
  evidence        TEXT NOT NULL,
  UNIQUE (harness_id, harness_version, evidence)
);

CREATE TABLE exchanges (
  -- The order of commits: grows with every one, never reused.
  ingested            INTEGER PRIMARY KEY AUTOINCREMENT,
  exchange_id         BLOB NOT NULL CHECK (length(exchange_id) = 16),
  org                 INTEGER NOT NULL REFERENCES orgs (org),
  commit_key          TEXT NOT NULL,
  -- own_session is the session that the exchange itself named; session also holds the one that adopted it.
  own_session         INTEGER REFERENCES sessions (session),
  session             INTEGER REFERENCES sessions (session),
  thread_id           TEXT,
  captured_at         INTEGER NOT NULL,
  route               INTEGER NOT NULL REFERENCES routes (route),
  caller              INTEGER NOT NULL REFERENCES callers (caller),
  stream              INTEGER NOT NULL CHECK (stream IN (0, 1)),
  status              INTEGER,
  outcome             TEXT NOT NULL,
  outcome_reason      TEXT,
  error               TEXT,
  model_requested     TEXT,
  model_served        TEXT,
  response_id         TEXT,
  previous_response_id TEXT,
  upstream_request_id TEXT,
  stop_reason         TEXT,
  prompt_id           TEXT,
  request_kind        TEXT,
  -- has_reply is a fact of the exchange; is_turn is what its retries leave of it.
  has_reply           INTEGER NOT NULL CHECK (has_reply IN (0, 1)),
  is_turn             INTEGER NOT NULL CHECK (is_turn IN (0, 1)),
  -- The first eight bytes of the hash: random keys cost as much as they are wide.
  retry_key           INTEGER,
  attempt             INTEGER NOT NULL CHECK (attempt >= 1),
  retry_of            BLOB,
  usage_final         INTEGER,
  input               INTEGER,
  cache_read          INTEGER,
  cache_write_5m      INTEGER,
  cache_write_1h      INTEGER,
  output              INTEGER,
  reasoning           INTEGER,
  usage_reported      TEXT,
  cost_nano_usd       INTEGER,
  price_book          TEXT,
  reply_text          TEXT,
  reply_reasoning     TEXT,
  reply_tools         TEXT,
  root                INTEGER REFERENCES nodes (node),
  leaf                INTEGER REFERENCES nodes (node),
  chain_length        INTEGER,
  prompt_length       INTEGER,
  projection          INTEGER,
  system              INTEGER REFERENCES blobs (blob),
  tools               INTEGER REFERENCES blobs (blob),
  ttfb_us             INTEGER,
  duration_us         INTEGER,
  request_bytes       INTEGER NOT NULL,
  request_sha256      BLOB,
  request_truncated   INTEGER NOT NULL CHECK (request_truncated IN (0, 1)),
  response_bytes      INTEGER NOT NULL,
  response_sha256     BLOB,
  response_truncated  INTEGER NOT NULL CHECK (response_truncated IN (0, 1)),
  body_segment        INTEGER,
  body_offset         INTEGER,
  body_sequence       INTEGER,
  CHECK (is_turn <= has_reply),
  CHECK (own_session IS NULL OR own_session = session)
);

CREATE UNIQUE INDEX exchanges_by_id ON exchanges (exchange_id);
-- Exchanges of one microsecond are put in order by their ids when they are read: sixteen bytes less in every entry.
CREATE INDEX exchanges_by_time ON exchanges (captured_at);
CREATE INDEX exchanges_by_session ON exchanges (session, captured_at);
CREATE INDEX exchanges_by_retry_key ON exchanges (retry_key, captured_at) WHERE retry_key IS NOT NULL;

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

CREATE TABLE dead_letters (
  letter        INTEGER PRIMARY KEY,
  org_id        TEXT NOT NULL,
  commit_key    TEXT NOT NULL,
  exchange_id   TEXT NOT NULL,
  content_hash  BLOB NOT NULL,
  code          TEXT NOT NULL,
  message       TEXT NOT NULL,
  body_segment  INTEGER NOT NULL,
  body_offset   INTEGER NOT NULL,
  body_sequence INTEGER NOT NULL,
  at            INTEGER NOT NULL,
  UNIQUE (org_id, commit_key, content_hash, code)
);

CREATE TABLE journal_cursors (
  consumer TEXT PRIMARY KEY,
  segment  INTEGER NOT NULL,
  "offset" INTEGER NOT NULL,
  sequence INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO orgs (org, org_id) VALUES (1, '00000000-0000-0000-0000-000000000000');
