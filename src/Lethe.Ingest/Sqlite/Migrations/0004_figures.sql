-- What calls cost and how they went, by hour and by what they were: a year of it is read in milliseconds. Counted by the database itself, with each change
-- of an exchange's row and in its transaction; what rows counted that are gone stays counted.

-- Where the agent worked, as far as the exchange itself tells it.
ALTER TABLE exchanges ADD COLUMN project TEXT;

CREATE TABLE figures (
  org                  INTEGER NOT NULL REFERENCES orgs (org),
  -- Its beginning.
  hour                 INTEGER NOT NULL,
  -- Empty is «not told».
  harness_id           TEXT NOT NULL,
  model                TEXT NOT NULL,
  project              TEXT NOT NULL,
  kind                 TEXT NOT NULL,
  is_agent             INTEGER NOT NULL CHECK (is_agent IN (0, 1)),
  exchanges            INTEGER NOT NULL,
  turns                INTEGER NOT NULL,
  attempts             INTEGER NOT NULL,
  errors               INTEGER NOT NULL,
  input                INTEGER NOT NULL,
  cache_read           INTEGER NOT NULL,
  cache_write_5m       INTEGER NOT NULL,
  cache_write_1h       INTEGER NOT NULL,
  output               INTEGER NOT NULL,
  reasoning            INTEGER NOT NULL,
  cost_nano_usd        INTEGER NOT NULL,
  unpriced_turns       INTEGER NOT NULL,
  -- Of calls that gave no turn.
  failed_cost_nano_usd INTEGER NOT NULL,
  PRIMARY KEY (org, hour, harness_id, model, project, kind, is_agent)
) WITHOUT ROWID;

-- What each exchange adds.
CREATE VIEW exchange_figures AS
SELECT e.ingested, e.org, e.captured_at - e.captured_at % 3600000000 AS hour, c.harness_id, coalesce(e.model_served, e.model_requested, '') AS model,
       coalesce(e.project, '') AS project, coalesce(e.request_kind, '') AS kind, e.thread_id IS NOT NULL AS is_agent,
       1 AS exchanges, e.is_turn AS turns, e.is_turn = 0 AND e.outcome NOT IN ('completed', 'not_decoded') AS attempts,
       e.outcome IN ('upstream_error', 'upstream_aborted', 'no_response') AS errors,
       max(coalesce(e.input, 0), 0) AS input, max(coalesce(e.cache_read, 0), 0) AS cache_read, max(coalesce(e.cache_write_5m, 0), 0) AS cache_write_5m,
       max(coalesce(e.cache_write_1h, 0), 0) AS cache_write_1h, max(coalesce(e.output, 0), 0) AS output, max(coalesce(e.reasoning, 0), 0) AS reasoning,
       max(coalesce(e.cost_nano_usd, 0), 0) AS cost_nano_usd, e.is_turn = 1 AND e.cost_nano_usd IS NULL AS unpriced_turns,
       CASE e.is_turn WHEN 0 THEN max(coalesce(e.cost_nano_usd, 0), 0) ELSE 0 END AS failed_cost_nano_usd
FROM exchanges e
JOIN callers c ON c.caller = e.caller;

CREATE TRIGGER figures_added AFTER INSERT ON exchanges BEGIN
  INSERT INTO figures
  SELECT org, hour, harness_id, model, project, kind, is_agent, exchanges, turns, attempts, errors, input, cache_read,
         cache_write_5m, cache_write_1h, output, reasoning, cost_nano_usd, unpriced_turns, failed_cost_nano_usd
  FROM exchange_figures WHERE ingested = NEW.ingested
  ON CONFLICT DO UPDATE SET
    exchanges = exchanges + excluded.exchanges, turns = turns + excluded.turns, attempts = attempts + excluded.attempts,
    errors = errors + excluded.errors, input = input + excluded.input, cache_read = cache_read + excluded.cache_read,
    cache_write_5m = cache_write_5m + excluded.cache_write_5m, cache_write_1h = cache_write_1h + excluded.cache_write_1h,
    output = output + excluded.output, reasoning = reasoning + excluded.reasoning, cost_nano_usd = cost_nano_usd + excluded.cost_nano_usd,
    unpriced_turns = unpriced_turns + excluded.unpriced_turns, failed_cost_nano_usd = failed_cost_nano_usd + excluded.failed_cost_nano_usd;
END;

CREATE TRIGGER figures_taken BEFORE UPDATE OF is_turn, outcome, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, cost_nano_usd, model_served, model_requested, project, request_kind, thread_id, caller ON exchanges BEGIN
  INSERT INTO figures
  SELECT org, hour, harness_id, model, project, kind, is_agent, exchanges, turns, attempts, errors, input, cache_read,
         cache_write_5m, cache_write_1h, output, reasoning, cost_nano_usd, unpriced_turns, failed_cost_nano_usd
  FROM exchange_figures WHERE ingested = OLD.ingested
  ON CONFLICT DO UPDATE SET
    exchanges = exchanges - excluded.exchanges, turns = turns - excluded.turns, attempts = attempts - excluded.attempts,
    errors = errors - excluded.errors, input = input - excluded.input, cache_read = cache_read - excluded.cache_read,
    cache_write_5m = cache_write_5m - excluded.cache_write_5m, cache_write_1h = cache_write_1h - excluded.cache_write_1h,
    output = output - excluded.output, reasoning = reasoning - excluded.reasoning, cost_nano_usd = cost_nano_usd - excluded.cost_nano_usd,
    unpriced_turns = unpriced_turns - excluded.unpriced_turns, failed_cost_nano_usd = failed_cost_nano_usd - excluded.failed_cost_nano_usd;
  DELETE FROM figures WHERE org = OLD.org AND hour = OLD.captured_at - OLD.captured_at % 3600000000 AND exchanges = 0;
END;

CREATE TRIGGER figures_changed AFTER UPDATE OF is_turn, outcome, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, cost_nano_usd, model_served, model_requested, project, request_kind, thread_id, caller ON exchanges BEGIN
  INSERT INTO figures
  SELECT org, hour, harness_id, model, project, kind, is_agent, exchanges, turns, attempts, errors, input, cache_read,
         cache_write_5m, cache_write_1h, output, reasoning, cost_nano_usd, unpriced_turns, failed_cost_nano_usd
  FROM exchange_figures WHERE ingested = NEW.ingested
  ON CONFLICT DO UPDATE SET
    exchanges = exchanges + excluded.exchanges, turns = turns + excluded.turns, attempts = attempts + excluded.attempts,
    errors = errors + excluded.errors, input = input + excluded.input, cache_read = cache_read + excluded.cache_read,
    cache_write_5m = cache_write_5m + excluded.cache_write_5m, cache_write_1h = cache_write_1h + excluded.cache_write_1h,
    output = output + excluded.output, reasoning = reasoning + excluded.reasoning, cost_nano_usd = cost_nano_usd + excluded.cost_nano_usd,
    unpriced_turns = unpriced_turns + excluded.unpriced_turns, failed_cost_nano_usd = failed_cost_nano_usd + excluded.failed_cost_nano_usd;
END;

-- What was there before.
INSERT INTO figures
SELECT org, hour, harness_id, model, project, kind, is_agent, sum(exchanges), sum(turns), sum(attempts), sum(errors), sum(input), sum(cache_read), sum(cache_write_5m), sum(cache_write_1h), sum(output), sum(reasoning), sum(cost_nano_usd), sum(unpriced_turns), sum(failed_cost_nano_usd)
FROM exchange_figures
GROUP BY org, hour, harness_id, model, project, kind, is_agent;
