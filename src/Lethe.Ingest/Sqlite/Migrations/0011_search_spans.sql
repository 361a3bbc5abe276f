-- Between which times what stands side by side in the order of commits was captured (1,024 calls a span): a search of a week looks at that week alone.
CREATE TABLE search_spans (
  org      INTEGER NOT NULL REFERENCES orgs (org),
  span     INTEGER NOT NULL,
  earliest INTEGER NOT NULL,
  latest   INTEGER NOT NULL,
  PRIMARY KEY (org, span)
) WITHOUT ROWID;

INSERT INTO search_spans
SELECT e.org, e.ingested / 1024, min(e.captured_at), max(e.captured_at)
FROM exchanges e
JOIN search_cursors c ON c.org = e.org AND e.ingested <= c.ingested
GROUP BY 1, 2;
