-- A batch's results are kept beside the answers of the Responses API, under a name of their own and in no session: they go with the fetch that counts them.
CREATE INDEX responses_by_hearer ON responses (org, heard_by) WHERE session IS NULL;
