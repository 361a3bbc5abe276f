-- The search index, in postings of its own: a tenth of the room, and newest first without a look at all there is of a frequent word.
DROP TABLE search_documents;
TRUNCATE search_cursors;

-- A run, named by its first one, of documents that follow each other in an organisation's order of commits, each numbered by its exchange times four, and its part (said, tools,
-- system, errors). Short runs are merged into longer ones.
CREATE TABLE search_runs (
  org  uuid NOT NULL REFERENCES orgs (org),
  run  bigint NOT NULL,
  last bigint NOT NULL CHECK (last >= run),
  PRIMARY KEY (org, run)
);

-- A run's words and trigrams of code in order, in pages, each with the documents that have it; a page is found by the first in it. The text itself is not
-- here, and no place in it: what is found is read where it stands.
CREATE TABLE search_postings (
  org  uuid NOT NULL,
  run  bigint NOT NULL,
  term bytea NOT NULL,
  page bytea NOT NULL,
  PRIMARY KEY (org, run, term),
  FOREIGN KEY (org, run) REFERENCES search_runs (org, run) ON DELETE CASCADE
) WITH (autovacuum_vacuum_scale_factor = 0.02);

-- No letters repeat in it that a compressor would find.
ALTER TABLE search_postings ALTER COLUMN page SET STORAGE EXTERNAL;

-- What was told anew, to be taken out by whoever indexes.
CREATE TABLE search_leaving (
  org      uuid NOT NULL REFERENCES orgs (org),
  ingested bigint NOT NULL,
  PRIMARY KEY (org, ingested)
);

-- Between which times what stands side by side in the order of commits was captured (1,024 calls a span): a search of a week looks at that week alone.
CREATE TABLE search_spans (
  org      uuid NOT NULL REFERENCES orgs (org),
  span     bigint NOT NULL,
  earliest bigint NOT NULL,
  latest   bigint NOT NULL,
  PRIMARY KEY (org, span)
);
