-- The figures of whole days, so that a year is read in 365 steps and not in 8,760. Counted by the database with each change of the hours' figures, and always their sums.

CREATE TABLE figure_days (
  org                  INTEGER NOT NULL REFERENCES orgs (org),
  -- Its beginning, UTC.
  day                  INTEGER NOT NULL,
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
  failed_cost_nano_usd INTEGER NOT NULL,
  PRIMARY KEY (org, day, harness_id, model, project, kind, is_agent)
) WITHOUT ROWID;

CREATE TRIGGER figure_days_added AFTER INSERT ON figures BEGIN
  INSERT INTO figure_days VALUES (
    NEW.org, NEW.hour - NEW.hour % 86400000000, NEW.harness_id, NEW.model, NEW.project, NEW.kind, NEW.is_agent, NEW.exchanges, NEW.turns,
    NEW.attempts, NEW.errors, NEW.input, NEW.cache_read, NEW.cache_write_5m, NEW.cache_write_1h, NEW.output, NEW.reasoning, NEW.cost_nano_usd,
    NEW.unpriced_turns, NEW.failed_cost_nano_usd)
  ON CONFLICT DO UPDATE SET
    exchanges = exchanges + excluded.exchanges, turns = turns + excluded.turns, attempts = attempts + excluded.attempts,
    errors = errors + excluded.errors, input = input + excluded.input, cache_read = cache_read + excluded.cache_read,
    cache_write_5m = cache_write_5m + excluded.cache_write_5m, cache_write_1h = cache_write_1h + excluded.cache_write_1h,
    output = output + excluded.output, reasoning = reasoning + excluded.reasoning, cost_nano_usd = cost_nano_usd + excluded.cost_nano_usd,
    unpriced_turns = unpriced_turns + excluded.unpriced_turns, failed_cost_nano_usd = failed_cost_nano_usd + excluded.failed_cost_nano_usd;
END;

CREATE TRIGGER figure_days_changed AFTER UPDATE ON figures BEGIN
  UPDATE figure_days SET
    exchanges = exchanges + NEW.exchanges - OLD.exchanges, turns = turns + NEW.turns - OLD.turns, attempts = attempts + NEW.attempts - OLD.attempts,
    errors = errors + NEW.errors - OLD.errors, input = input + NEW.input - OLD.input, cache_read = cache_read + NEW.cache_read - OLD.cache_read,
    cache_write_5m = cache_write_5m + NEW.cache_write_5m - OLD.cache_write_5m,
    cache_write_1h = cache_write_1h + NEW.cache_write_1h - OLD.cache_write_1h, output = output + NEW.output - OLD.output,
    reasoning = reasoning + NEW.reasoning - OLD.reasoning, cost_nano_usd = cost_nano_usd + NEW.cost_nano_usd - OLD.cost_nano_usd,
    unpriced_turns = unpriced_turns + NEW.unpriced_turns - OLD.unpriced_turns,
    failed_cost_nano_usd = failed_cost_nano_usd + NEW.failed_cost_nano_usd - OLD.failed_cost_nano_usd
  WHERE org = NEW.org AND day = NEW.hour - NEW.hour % 86400000000 AND harness_id = NEW.harness_id AND model = NEW.model AND project = NEW.project AND kind = NEW.kind AND is_agent = NEW.is_agent;
END;

CREATE TRIGGER figure_days_taken AFTER DELETE ON figures BEGIN
  UPDATE figure_days SET
    exchanges = exchanges - OLD.exchanges, turns = turns - OLD.turns, attempts = attempts - OLD.attempts, errors = errors - OLD.errors,
    input = input - OLD.input, cache_read = cache_read - OLD.cache_read, cache_write_5m = cache_write_5m - OLD.cache_write_5m,
    cache_write_1h = cache_write_1h - OLD.cache_write_1h, output = output - OLD.output, reasoning = reasoning - OLD.reasoning,
    cost_nano_usd = cost_nano_usd - OLD.cost_nano_usd, unpriced_turns = unpriced_turns - OLD.unpriced_turns,
    failed_cost_nano_usd = failed_cost_nano_usd - OLD.failed_cost_nano_usd
  WHERE org = OLD.org AND day = OLD.hour - OLD.hour % 86400000000 AND harness_id = OLD.harness_id AND model = OLD.model AND project = OLD.project AND kind = OLD.kind AND is_agent = OLD.is_agent;
  DELETE FROM figure_days WHERE org = OLD.org AND day = OLD.hour - OLD.hour % 86400000000 AND harness_id = OLD.harness_id AND model = OLD.model AND project = OLD.project AND kind = OLD.kind AND is_agent = OLD.is_agent AND exchanges = 0;
END;

-- What was there before.
INSERT INTO figure_days
SELECT org, hour - hour % 86400000000, harness_id, model, project, kind, is_agent,
       sum(exchanges), sum(turns), sum(attempts), sum(errors), sum(input), sum(cache_read), sum(cache_write_5m), sum(cache_write_1h), sum(output),
       sum(reasoning), sum(cost_nano_usd), sum(unpriced_turns), sum(failed_cost_nano_usd)
FROM figures
GROUP BY 1, 2, 3, 4, 5, 6, 7;
