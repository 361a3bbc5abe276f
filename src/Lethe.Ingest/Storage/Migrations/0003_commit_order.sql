-- AUTOINCREMENT writes to a second table with every row: a twentieth of the time that an exchange takes.
CREATE TABLE exchanges_next (
  -- The order of commits: grows with every one.
  ingested            INTEGER PRIMARY KEY,
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

INSERT INTO exchanges_next SELECT * FROM exchanges;
DROP TABLE exchanges;
ALTER TABLE exchanges_next RENAME TO exchanges;

CREATE UNIQUE INDEX exchanges_by_id ON exchanges (exchange_id);
-- Exchanges of one microsecond are put in order by their ids when they are read: sixteen bytes less in every entry.
CREATE INDEX exchanges_by_time ON exchanges (captured_at);
CREATE INDEX exchanges_by_session ON exchanges (session, captured_at);
CREATE INDEX exchanges_by_retry_key ON exchanges (retry_key, captured_at) WHERE retry_key IS NOT NULL;
