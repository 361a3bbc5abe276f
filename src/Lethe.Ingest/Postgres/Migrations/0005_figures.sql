-- What calls cost and how they went, by hour and by what they were: a year of it is read in milliseconds. Counted by the database itself, with each change
-- of exchanges' rows and in its transaction; what rows counted that are gone stays counted.

-- Where the agent worked, as far as the exchange itself tells it.
ALTER TABLE exchanges ADD COLUMN project text;

CREATE TABLE figures (
  org                  uuid NOT NULL REFERENCES orgs (org),
  -- Its beginning.
  hour                 bigint NOT NULL,
  -- Empty is «not told».
  harness_id           text NOT NULL,
  model                text NOT NULL,
  project              text NOT NULL,
  kind                 text NOT NULL,
  is_agent             bigint NOT NULL CHECK (is_agent IN (0, 1)),
  exchanges            bigint NOT NULL,
  turns                bigint NOT NULL,
  attempts             bigint NOT NULL,
  errors               bigint NOT NULL,
  input                bigint NOT NULL,
  cache_read           bigint NOT NULL,
  cache_write_5m       bigint NOT NULL,
  cache_write_1h       bigint NOT NULL,
  output               bigint NOT NULL,
  reasoning            bigint NOT NULL,
  cost_nano_usd        bigint NOT NULL,
  unpriced_turns       bigint NOT NULL,
  -- Of calls that gave no turn.
  failed_cost_nano_usd bigint NOT NULL,
  PRIMARY KEY (org, hour, harness_id, model, project, kind, is_agent)
);

-- Adds what the rows of «told» count, or takes it away; in the order of the key, so that recorders do not wait for each other in a circle.
CREATE FUNCTION count_figures() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sign bigint := TG_ARGV[0]::bigint;
BEGIN
  INSERT INTO figures AS f
  SELECT e.org, e.captured_at - e.captured_at % 3600000000 AS hour, c.harness_id, coalesce(e.model_served, e.model_requested, '') AS model,
         coalesce(e.project, '') AS project, coalesce(e.request_kind, '') AS kind, CASE WHEN e.thread_id IS NULL THEN 0 ELSE 1 END AS is_agent,
         sign * count(*), sign * sum(e.is_turn), sign * count(*) FILTER (WHERE e.is_turn = 0 AND e.outcome NOT IN ('completed', 'not_decoded')),
         sign * count(*) FILTER (WHERE e.outcome IN ('upstream_error', 'upstream_aborted', 'no_response')),
         sign * sum(greatest(coalesce(e.input, 0), 0)), sign * sum(greatest(coalesce(e.cache_read, 0), 0)), sign * sum(greatest(coalesce(e.cache_write_5m, 0), 0)),
         sign * sum(greatest(coalesce(e.cache_write_1h, 0), 0)), sign * sum(greatest(coalesce(e.output, 0), 0)), sign * sum(greatest(coalesce(e.reasoning, 0), 0)),
         sign * sum(greatest(coalesce(e.cost_nano_usd, 0), 0)), sign * count(*) FILTER (WHERE e.is_turn = 1 AND e.cost_nano_usd IS NULL),
         sign * coalesce(sum(greatest(coalesce(e.cost_nano_usd, 0), 0)) FILTER (WHERE e.is_turn = 0), 0)
  FROM told e
  JOIN callers c ON c.org = e.org AND c.caller = e.caller
  GROUP BY 1, 2, 3, 4, 5, 6, 7
  ORDER BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (org, hour, harness_id, model, project, kind, is_agent) DO UPDATE SET
    exchanges = f.exchanges + excluded.exchanges, turns = f.turns + excluded.turns, attempts = f.attempts + excluded.attempts,
    errors = f.errors + excluded.errors, input = f.input + excluded.input, cache_read = f.cache_read + excluded.cache_read,
    cache_write_5m = f.cache_write_5m + excluded.cache_write_5m, cache_write_1h = f.cache_write_1h + excluded.cache_write_1h,
    output = f.output + excluded.output, reasoning = f.reasoning + excluded.reasoning, cost_nano_usd = f.cost_nano_usd + excluded.cost_nano_usd,
    unpriced_turns = f.unpriced_turns + excluded.unpriced_turns, failed_cost_nano_usd = f.failed_cost_nano_usd + excluded.failed_cost_nano_usd;
  IF sign < 0 THEN
    DELETE FROM figures f USING (SELECT DISTINCT org, captured_at - captured_at % 3600000000 AS hour FROM told) t
    WHERE f.org = t.org AND f.hour = t.hour AND f.exchanges = 0;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER figures_1_added AFTER INSERT ON exchanges REFERENCING NEW TABLE AS told FOR EACH STATEMENT EXECUTE FUNCTION count_figures('1');
CREATE TRIGGER figures_2_taken AFTER UPDATE ON exchanges REFERENCING OLD TABLE AS told FOR EACH STATEMENT EXECUTE FUNCTION count_figures('-1');
CREATE TRIGGER figures_3_changed AFTER UPDATE ON exchanges REFERENCING NEW TABLE AS told FOR EACH STATEMENT EXECUTE FUNCTION count_figures('1');

-- What was there before.
INSERT INTO figures
SELECT e.org, e.captured_at - e.captured_at % 3600000000 AS hour, c.harness_id, coalesce(e.model_served, e.model_requested, '') AS model,
       coalesce(e.project, '') AS project, coalesce(e.request_kind, '') AS kind, CASE WHEN e.thread_id IS NULL THEN 0 ELSE 1 END AS is_agent,
       count(*), sum(e.is_turn), count(*) FILTER (WHERE e.is_turn = 0 AND e.outcome NOT IN ('completed', 'not_decoded')),
       count(*) FILTER (WHERE e.outcome IN ('upstream_error', 'upstream_aborted', 'no_response')),
       sum(greatest(coalesce(e.input, 0), 0)), sum(greatest(coalesce(e.cache_read, 0), 0)), sum(greatest(coalesce(e.cache_write_5m, 0), 0)),
       sum(greatest(coalesce(e.cache_write_1h, 0), 0)), sum(greatest(coalesce(e.output, 0), 0)), sum(greatest(coalesce(e.reasoning, 0), 0)),
       sum(greatest(coalesce(e.cost_nano_usd, 0), 0)), count(*) FILTER (WHERE e.is_turn = 1 AND e.cost_nano_usd IS NULL),
       coalesce(sum(greatest(coalesce(e.cost_nano_usd, 0), 0)) FILTER (WHERE e.is_turn = 0), 0)
FROM exchanges e
JOIN callers c ON c.org = e.org AND c.caller = e.caller
GROUP BY 1, 2, 3, 4, 5, 6, 7;
