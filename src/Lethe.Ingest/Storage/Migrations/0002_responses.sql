-- The answers that the Responses API keeps on its side: a later call names one instead of repeating it, or asks for it again.
-- Awaited is one whose end has not been heard: the answer to a background call comes with a later GET.
CREATE TABLE responses (
  org         INTEGER NOT NULL REFERENCES orgs (org),
  response_id TEXT NOT NULL,
  session     INTEGER NOT NULL REFERENCES sessions (session),
  awaited     INTEGER NOT NULL CHECK (awaited IN (0, 1)),
  PRIMARY KEY (org, response_id)
) WITHOUT ROWID;

INSERT OR IGNORE INTO responses (org, response_id, session, awaited)
SELECT e.org, e.response_id, e.own_session, 0
FROM exchanges e JOIN routes r ON r.route = e.route
WHERE r.endpoint = 'responses' AND e.response_id IS NOT NULL AND e.own_session IS NOT NULL;
