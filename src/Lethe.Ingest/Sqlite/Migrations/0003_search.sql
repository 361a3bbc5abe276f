-- What was said, by its words and by pieces of code and ids; filled behind the commits by whoever indexes, and made anew whenever wanted.
-- A document is what one exchange was the first to say, in one part: its number is that of the exchange times four, and the part's (said, tools, system,
-- errors). The text itself is not here, and no place in it: what is found is read where it stands.

CREATE VIRTUAL TABLE search_words USING fts5 (words, content = '', contentless_delete = 1, detail = none, tokenize = 'unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE search_code USING fts5 (code, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram');

-- How far the index has come in an organisation's order of commits.
CREATE TABLE search_cursors (
  org      INTEGER PRIMARY KEY REFERENCES orgs (org),
  ingested INTEGER NOT NULL
);
