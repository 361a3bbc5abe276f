-- A position is one of a certain journal; of another one it says nothing.
DELETE FROM journal_cursors;
ALTER TABLE journal_cursors ADD COLUMN journal BLOB NOT NULL DEFAULT (zeroblob(16));
