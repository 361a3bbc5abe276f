-- The figures of whole days, so that a year is read in 365 steps and not in 8,760. Counted by the database with each change of the hours' figures, and always their sums.

CREATE TABLE figure_days (
  org                  uuid NOT NULL REFERENCES orgs (org),
  -- Its beginning, UTC.
  day                  bigint NOT NULL,
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
  failed_cost_nano_usd bigint NOT NULL,
  PRIMARY KEY (org, day, harness_id, model, project, kind, is_agent)
);

-- Adds what the rows of «told» say, and takes away what those of «gone» said; in the order of the key, so that recorders do not wait for each other in a circle.
CREATE FUNCTION add_figure_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO figure_days AS f
  SELECT org, hour - hour % 86400000000, harness_id, model, project, kind, is_agent,
         sum(sign * exchanges), sum(sign * turns), sum(sign * attempts), sum(sign * errors), sum(sign * input), sum(sign * cache_read),
         sum(sign * cache_write_5m), sum(sign * cache_write_1h), sum(sign * output), sum(sign * reasoning), sum(sign * cost_nano_usd),
         sum(sign * unpriced_turns), sum(sign * failed_cost_nano_usd)
  FROM (SELECT 1 AS sign, told.* FROM told) t
  GROUP BY 1, 2, 3, 4, 5, 6, 7
  ORDER BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (org, day, harness_id, model, project, kind, is_agent) DO UPDATE SET
    exchanges = f.exchanges + excluded.exchanges, turns = f.turns + excluded.turns, attempts = f.attempts + excluded.attempts,
    errors = f.errors + excluded.errors, input = f.input + excluded.input, cache_read = f.cache_read + excluded.cache_read,
    cache_write_5m = f.cache_write_5m + excluded.cache_write_5m, cache_write_1h = f.cache_write_1h + excluded.cache_write_1h,
    output = f.output + excluded.output, reasoning = f.reasoning + excluded.reasoning, cost_nano_usd = f.cost_nano_usd + excluded.cost_nano_usd,
    unpriced_turns = f.unpriced_turns + excluded.unpriced_turns, failed_cost_nano_usd = f.failed_cost_nano_usd + excluded.failed_cost_nano_usd;
  RETURN NULL;
END $$;

CREATE FUNCTION change_figure_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO figure_days AS f
  SELECT org, hour - hour % 86400000000, harness_id, model, project, kind, is_agent,
         sum(sign * exchanges), sum(sign * turns), sum(sign * attempts), sum(sign * errors), sum(sign * input), sum(sign * cache_read),
         sum(sign * cache_write_5m), sum(sign * cache_write_1h), sum(sign * output), sum(sign * reasoning), sum(sign * cost_nano_usd),
         sum(sign * unpriced_turns), sum(sign * failed_cost_nano_usd)
  FROM (SELECT 1 AS sign, told.* FROM told UNION ALL SELECT -1, gone.* FROM gone) t
  GROUP BY 1, 2, 3, 4, 5, 6, 7
  ORDER BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (org, day, harness_id, model, project, kind, is_agent) DO UPDATE SET
    exchanges = f.exchanges + excluded.exchanges, turns = f.turns + excluded.turns, attempts = f.attempts + excluded.attempts,
    errors = f.errors + excluded.errors, input = f.input + excluded.input, cache_read = f.cache_read + excluded.cache_read,
    cache_write_5m = f.cache_write_5m + excluded.cache_write_5m, cache_write_1h = f.cache_write_1h + excluded.cache_write_1h,
    output = f.output + excluded.output, reasoning = f.reasoning + excluded.reasoning, cost_nano_usd = f.cost_nano_usd + excluded.cost_nano_usd,
    unpriced_turns = f.unpriced_turns + excluded.unpriced_turns, failed_cost_nano_usd = f.failed_cost_nano_usd + excluded.failed_cost_nano_usd;
  RETURN NULL;
END $$;

CREATE FUNCTION take_figure_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO figure_days AS f
  SELECT org, hour - hour % 86400000000, harness_id, model, project, kind, is_agent,
         sum(sign * exchanges), sum(sign * turns), sum(sign * attempts), sum(sign * errors), sum(sign * input), sum(sign * cache_read),
         sum(sign * cache_write_5m), sum(sign * cache_write_1h), sum(sign * output), sum(sign * reasoning), sum(sign * cost_nano_usd),
         sum(sign * unpriced_turns), sum(sign * failed_cost_nano_usd)
  FROM (SELECT -1 AS sign, gone.* FROM gone) t
  GROUP BY 1, 2, 3, 4, 5, 6, 7
  ORDER BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (org, day, harness_id, model, project, kind, is_agent) DO UPDATE SET
    exchanges = f.exchanges + excluded.exchanges, turns = f.turns + excluded.turns, attempts = f.attempts + excluded.attempts,
    errors = f.errors + excluded.errors, input = f.input + excluded.input, cache_read = f.cache_read + excluded.cache_read,
    cache_write_5m = f.cache_write_5m + excluded.cache_write_5m, cache_write_1h = f.cache_write_1h + excluded.cache_write_1h,
    output = f.output + excluded.output, reasoning = f.reasoning + excluded.reasoning, cost_nano_usd = f.cost_nano_usd + excluded.cost_nano_usd,
    unpriced_turns = f.unpriced_turns + excluded.unpriced_turns, failed_cost_nano_usd = f.failed_cost_nano_usd + excluded.failed_cost_nano_usd;
  DELETE FROM figure_days f USING (SELECT DISTINCT org, hour - hour % 86400000000 AS day FROM gone) t
  WHERE f.org = t.org AND f.day = t.day AND f.exchanges = 0;
  RETURN NULL;
END $$;

CREATE TRIGGER figure_days_1_added AFTER INSERT ON figures REFERENCING NEW TABLE AS told FOR EACH STATEMENT EXECUTE FUNCTION add_figure_days();
CREATE TRIGGER figure_days_2_changed AFTER UPDATE ON figures REFERENCING NEW TABLE AS told OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION change_figure_days();
CREATE TRIGGER figure_days_3_taken AFTER DELETE ON figures REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION take_figure_days();

-- What was there before.
INSERT INTO figure_days
SELECT org, hour - hour % 86400000000, harness_id, model, project, kind, is_agent,
       sum(exchanges), sum(turns), sum(attempts), sum(errors), sum(input), sum(cache_read), sum(cache_write_5m), sum(cache_write_1h), sum(output),
       sum(reasoning), sum(cost_nano_usd), sum(unpriced_turns), sum(failed_cost_nano_usd)
FROM figures
GROUP BY 1, 2, 3, 4, 5, 6, 7;
