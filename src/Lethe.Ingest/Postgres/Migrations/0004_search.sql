-- What was said, by its words and by pieces of code and ids; filled behind the commits by whoever indexes, and made anew whenever wanted.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- What one exchange was the first to say, in one part (said, tools, system, errors). The text itself is not here, and no place in it: what is found is
-- read where it stands.
CREATE TABLE search_documents (
  org         uuid NOT NULL REFERENCES orgs (org),
  exchange_id uuid NOT NULL,
  part        bigint NOT NULL CHECK (part BETWEEN 0 AND 3),
  captured_at bigint NOT NULL,
  ingested    bigint NOT NULL,
  words       tsvector NOT NULL,
  code        text NOT NULL,
  PRIMARY KEY (org, exchange_id, part)
);

CREATE INDEX search_by_commit ON search_documents (org, ingested, part);
CREATE INDEX search_by_word ON search_documents USING gin (words);
CREATE INDEX search_by_code ON search_documents USING gin (code gin_trgm_ops);

-- How far the index has come in an organisation's order of commits.
CREATE TABLE search_cursors (
  org      uuid PRIMARY KEY REFERENCES orgs (org),
  ingested bigint NOT NULL
);
