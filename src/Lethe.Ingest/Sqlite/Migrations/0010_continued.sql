-- A message that was said upon an answer which its request only names: the first of a chain that goes on from that answer's.
ALTER TABLE nodes ADD COLUMN continues TEXT;

-- The first calls, by capture, that an answer was given to and that were said upon it.
ALTER TABLE responses ADD COLUMN made_at INTEGER;
ALTER TABLE responses ADD COLUMN made_by BLOB;
ALTER TABLE responses ADD COLUMN continued_at INTEGER;
ALTER TABLE responses ADD COLUMN continued_by BLOB;

UPDATE responses SET made_at = m.captured_at, made_by = m.exchange_id
FROM (SELECT e.org, e.response_id, min(e.captured_at) AS captured_at, e.exchange_id
      FROM exchanges e
      JOIN routes r ON r.route = e.route
      WHERE r.endpoint IN ('responses', 'interactions') AND e.response_id <> ''
      GROUP BY e.org, e.response_id) m
WHERE m.org = responses.org AND m.response_id = responses.response_id;

DROP VIEW message_steps;
CREATE VIEW message_steps AS
SELECT n.org, n.hash, n.depth, n.role,
       coalesce(p.hash, CASE WHEN n.continues IS NOT NULL THEN (
         SELECT leaf.hash
         FROM responses r
         JOIN exchanges e ON e.exchange_id = r.made_by
         JOIN nodes leaf ON leaf.node = e.leaf
         WHERE r.org = n.org AND r.response_id = n.continues AND (r.made_at, r.made_by) < (r.continued_at, r.continued_by)) END) AS parent_hash,
       n.continues
FROM nodes n
LEFT JOIN nodes p ON p.node = n.parent;
