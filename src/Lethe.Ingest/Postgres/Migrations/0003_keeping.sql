-- How long things are kept, and how they are forgotten.

-- Sessions whose words are on their way out, until nothing is left of them; with_facts: their rows go too.
CREATE TABLE forgetting (
  number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  org        uuid NOT NULL,
  session    uuid NOT NULL,
  with_facts bigint NOT NULL CHECK (with_facts IN (0, 1)),
  asked_at   bigint NOT NULL,
  -- The last commit of the organisation that was there when it was asked.
  up_to      bigint NOT NULL,
  UNIQUE (org, session)
);

-- Words that are to go out of a journal, by the recorder whose journal it is.
CREATE TABLE erasures (
  journal  uuid NOT NULL,
  segment  bigint NOT NULL,
  "offset" bigint NOT NULL,
  sequence bigint NOT NULL,
  reason   text NOT NULL,
  PRIMARY KEY (journal, segment, "offset")
);

CREATE INDEX exchanges_with_words ON exchanges (captured_at) WHERE content NOT IN ('expired', 'erased');
CREATE INDEX sessions_erased ON sessions (org, session) WHERE erased_at IS NOT NULL;
CREATE INDEX sessions_pinned ON sessions (org, session) WHERE pinned_at IS NOT NULL;
