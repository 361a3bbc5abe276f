-- A message that was said upon an answer which its request only names: the first of a chain that goes on from that answer's.
ALTER TABLE nodes ADD COLUMN continues text;

-- The first calls, by capture, that an answer was given to and that were said upon it.
ALTER TABLE responses ADD COLUMN made_at bigint;
ALTER TABLE responses ADD COLUMN made_by uuid;
ALTER TABLE responses ADD COLUMN continued_at bigint;
ALTER TABLE responses ADD COLUMN continued_by uuid;

UPDATE responses r SET made_at = m.captured_at, made_by = m.exchange_id
FROM (SELECT DISTINCT ON (org, response_id) org, response_id, captured_at, exchange_id
      FROM exchanges
      WHERE endpoint IN ('responses', 'interactions') AND response_id <> ''
      ORDER BY org, response_id, captured_at, exchange_id) m
WHERE m.org = r.org AND m.response_id = r.response_id;

CREATE OR REPLACE VIEW message_steps AS
SELECT n.org, n.hash, n.depth, n.role,
       coalesce(n.parent, CASE WHEN n.continues IS NOT NULL THEN (
         SELECT e.leaf
         FROM responses r
         JOIN exchanges e ON e.org = r.org AND e.captured_at = r.made_at AND e.exchange_id = r.made_by
         WHERE r.org = n.org AND r.response_id = n.continues AND (r.made_at, r.made_by) < (r.continued_at, r.continued_by)) END) AS parent_hash,
       n.continues
FROM nodes n;
