using System.Text.Json;
using Lethe.Ingest.Meaning;
using Npgsql;
using static Lethe.Ingest.Postgres.PostgresValues;

namespace Lethe.Ingest.Postgres;

/// <summary>Reads stored exchanges, as far as new ones can change them, into a working set.</summary>
internal sealed class PostgresAttemptRows(PostgresStatements statements)
{
    private const int PageCount = 16;

    private const string Select = """
        SELECT e.captured_at, e.exchange_id, e.duration_us, e.outcome, e.has_reply, e.own_session, e.session, e.is_turn, e.attempt, e.retry_of, e.seq,
               e.repeated, e.usage_final, e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.output, e.reasoning, e.cost_nano_usd,
               e.cost_reported_nano_usd, e.price_book, e.org, e.cost_parts, e.capture_mode
        FROM exchanges e

        """;

    private const string OfOneKey = Select + "WHERE e.org = $1 AND e.retry_key = $2 ";
    private const string Clock = "(e.captured_at, e.exchange_id)";
    private const string Forwards = " ORDER BY e.captured_at, e.exchange_id";
    private const string Before = $"{OfOneKey}AND {Clock} < ($3, $4) ORDER BY e.captured_at DESC, e.exchange_id DESC LIMIT $5";
    private const string After = $"{OfOneKey}AND {Clock} > ($3, $4){Forwards} LIMIT $5";

    private const string Equal = $"""
        {Select}WHERE e.org = $1
          AND ((e.captured_at = $2 AND e.exchange_id = $3)
            OR e.retry_key = (SELECT retry_key FROM exchanges WHERE org = $1 AND captured_at = $2 AND exchange_id = $3)){Forwards}
        """;

    public void Load(WorkingSet set, Needs needs)
    {
        if (needs.Answers.Count > 0)
        {
            LoadAnswers(set, needs.Answers);
        }

        if (needs.Runs.Count > 0)
        {
            LoadRuns(set, needs.Runs);
        }

        foreach (var (org, clock) in needs.Attempts)
        {
            set.Attempts[clock] = statements.Query(
                Select + "WHERE e.org = $1 AND e.captured_at = $2 AND e.exchange_id = $3",
                row => Read(row, isAsked: true),
                Of(Org(org)),
                Of(clock.At),
                Of(clock.Id))[0];
        }

        foreach (var (org, clock) in needs.Tries)
        {
            set.Tries[clock] = [.. statements.Query(Equal, row => Read(row, isAsked: false), Of(Org(org)), Of(clock.At), Of(clock.Id))];
        }
    }

    /// <summary>All that is stored of equal requests, oldest first.</summary>
    public List<Attempt> OfKey(string org, long retryKey) =>
        [.. statements.Query(OfOneKey + Forwards, row => Read(row, isAsked: false), Of(Org(org)), Of(retryKey))];

    private void LoadAnswers(WorkingSet set, HashSet<(string Org, string Id)> wanted)
    {
        foreach (var key in wanted)
        {
            set.Answers[key] = new AnswerState();
        }

        var found = statements.Query(
            """
            SELECT r.org, r.response_id, r.session, r.settled, r.heard_at, r.heard_by, r.made_at, r.made_by, r.continued_at, r.continued_by
            FROM responses r
            JOIN unnest($1, $2) k (org, id) ON k.org = r.org AND k.id = r.response_id
            """,
            row => (
                Key: (row.GetGuid(0).ToString("D"), row.GetString(1)),
                State: new AnswerState { Session = row.Id(2), IsSettled = row.GetInt64(3) != 0, FirstHeard = row.Clock(4), MadeBy = row.Clock(6), ContinuedBy = row.Clock(8) }),
            Of(wanted.Select(one => Org(one.Org))),
            Of(wanted.Select(one => one.Id)));
        foreach (var (key, state) in found)
        {
            set.Answers[key] = state;
        }
    }

    // Most calls are made once.
    private void LoadRuns(WorkingSet set, List<NewExchange> wanted)
    {
        var repeated = statements.Query(
            """
            SELECT k.org, k.key
            FROM unnest($1, $2) k (org, key)
            WHERE EXISTS (SELECT 1 FROM exchanges e WHERE e.org = k.org AND e.retry_key = k.key)
            """,
            row => (row.GetGuid(0), row.GetInt64(1)),
            Of(wanted.Select(one => Org(one.Org))),
            Of(wanted.Select(one => one.RetryKey))).ToHashSet();
        foreach (var exchange in wanted.Where(exchange => repeated.Contains((Org(exchange.Org), exchange.RetryKey!.Value))))
        {
            set.Runs[exchange.Clock] = RetryRun.Read(exchange.Attempt, Around(Before, exchange), Around(After, exchange));
        }
    }

    // Read as far as is asked for.
    private IEnumerable<Attempt> Around(string sql, NewExchange exchange)
    {
        var at = exchange.Clock;
        while (true)
        {
            var page = statements.Query(
                sql, row => Read(row, isAsked: false), Of(Org(exchange.Org)), Of(exchange.RetryKey), Of(at.At), Of(at.Id), Of((long)PageCount));
            foreach (var attempt in page)
            {
                yield return attempt;
            }

            if (page.Count < PageCount)
            {
                yield break;
            }

            at = page[^1].Clock;
        }
    }

    private static Attempt Read(NpgsqlDataReader row, bool isAsked)
    {
        var repeated = row.Text(11) is { } json ? JsonSerializer.Deserialize(json, StoredJson.Default.RepeatedAnswer) : null;
        var clock = row.Clock(0)!.Value;
        return new Attempt
        {
            OrgId = row.GetGuid(22).ToString("D"),
            Clock = clock,
            EndedAt = clock.At + (row.Long(2) ?? 0),
            Outcome = StoredWord.ToOutcome(row.GetString(3)),
            HasReply = repeated?.HasReply ?? row.GetInt64(4) != 0,
            OwnSession = row.Id(5),
            Session = row.Id(6),
            IsTurn = row.GetInt64(7) != 0,
            Number = (int)row.GetInt64(8),
            RetryOf = row.Id(9),
            Seq = row.Long(10),
            IsAsked = isAsked,
            IsImport = row.GetString(24) == ExchangeFacts.Import,
            IsRepeat = repeated is not null,
            IsCounted = true,
            Heard = repeated?.Heard ?? new Heard
            {
                Final = row.Long(12) is { } final ? final != 0 : null,
                Input = row.Long(13),
                CacheRead = row.Long(14),
                CacheWrite5m = row.Long(15),
                CacheWrite1h = row.Long(16),
                Output = row.Long(17),
                Reasoning = row.Long(18),
                CostNanoUsd = row.Long(19),
                CostReportedNanoUsd = row.Long(20),
                CostParts = row.Text(23) is { } parts ? JsonSerializer.Deserialize(parts, StoredJson.Default.CostParts) : null,
                PriceBook = row.Text(21),
            },
        };
    }
}
