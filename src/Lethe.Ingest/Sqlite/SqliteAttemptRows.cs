using System.Text.Json;
using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Reads stored exchanges, as far as new ones can change them, into a working set. Takes part in the caller's transaction.</summary>
internal sealed class SqliteAttemptRows : IDisposable
{
    private const string Select = """
        SELECT e.captured_at, e.exchange_id, e.duration_us, e.outcome, e.has_reply, o.session_id, s.session_id, e.is_turn, e.attempt, e.retry_of, e.seq,
               e.repeated, e.usage_final, e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.output, e.reasoning, e.cost_nano_usd,
               e.cost_reported_nano_usd, e.price_book, g.org_id, e.cost_parts, r.capture_mode
        FROM exchanges e
        JOIN orgs g ON g.org = e.org
        JOIN routes r ON r.route = e.route
        LEFT JOIN sessions o ON o.session = e.own_session
        LEFT JOIN sessions s ON s.session = e.session

        """;

    private const string OfOneKey = Select + "WHERE e.retry_key = ?1 AND e.org = ?2 ";
    private const string Clock = "(e.captured_at, e.exchange_id)";
    private const string Forwards = " ORDER BY e.captured_at, e.exchange_id";

    private readonly SqliteNames names;
    private readonly Prepared any;
    private readonly Prepared before;
    private readonly Prepared after;
    private readonly Prepared all;
    private readonly Prepared byId;
    private readonly Prepared equal;
    private readonly Prepared answer;

    public SqliteAttemptRows(SqliteConnection connection, SqliteNames names)
    {
        this.names = names;
        any = new Prepared(connection, "SELECT 1 FROM exchanges WHERE retry_key = ?1 LIMIT 1");
        before = new Prepared(connection, $"{OfOneKey}AND {Clock} < (?3, ?4) ORDER BY e.captured_at DESC, e.exchange_id DESC");
        after = new Prepared(connection, $"{OfOneKey}AND {Clock} > (?3, ?4){Forwards}");
        all = new Prepared(connection, OfOneKey + Forwards);
        byId = new Prepared(connection, Select + "WHERE e.exchange_id = ?1");
        equal = new Prepared(
            connection, $"{Select}WHERE e.org = ?2 AND (e.exchange_id = ?1 OR e.retry_key = (SELECT retry_key FROM exchanges WHERE exchange_id = ?1)){Forwards}");
        answer = new Prepared(
            connection,
            """
            SELECT s.session_id, r.settled, r.heard_at, r.heard_by, r.made_at, r.made_by, r.continued_at, r.continued_by
            FROM responses r
            LEFT JOIN sessions s ON s.session = r.session
            WHERE r.org = ?1 AND r.response_id = ?2
            """);
    }

    public void Load(WorkingSet set, Needs needs)
    {
        foreach (var (org, id) in needs.Answers)
        {
            using var row = answer.Query(names.Org(org), id);
            set.Answers[(org, id)] = row.Read()
                ? new AnswerState { Session = row.SessionId(0), IsSettled = row.GetInt64(1) != 0, FirstHeard = row.Clock(2), MadeBy = row.Clock(4), ContinuedBy = row.Clock(6) }
                : new AnswerState();
        }

        foreach (var exchange in needs.Runs.Where(exchange => any.Number(exchange.RetryKey) is not null))
        {
            set.Runs[exchange.Clock] = RetryRun.Read(exchange.Attempt, Around(before, exchange), Around(after, exchange));
        }

        foreach (var (_, clock) in needs.Attempts)
        {
            using var row = byId.Query(clock.Id.Bytes());
            row.Read();
            set.Attempts[clock] = Read(row, isAsked: true);
        }

        foreach (var (org, clock) in needs.Tries)
        {
            set.Tries[clock] = All(equal, clock.Id.Bytes(), names.Org(org));
        }
    }

    public void Dispose()
    {
        Prepared[] statements = [any, before, after, all, byId, equal, answer];
        Array.ForEach(statements, one => one.Dispose());
    }

    /// <summary>All that is stored of equal requests, oldest first.</summary>
    public List<Attempt> OfKey(string org, long retryKey) => All(all, retryKey, names.Org(org));

    private static List<Attempt> All(Prepared query, params ReadOnlySpan<object?> values)
    {
        var found = new List<Attempt>();
        using var row = query.Query(values);
        while (row.Read())
        {
            found.Add(Read(row, isAsked: false));
        }

        return found;
    }

    // Read as far as is asked for.
    private IEnumerable<Attempt> Around(Prepared query, NewExchange exchange)
    {
        using var row = query.Query(exchange.RetryKey, names.Org(exchange.Org), exchange.Clock.At, exchange.Clock.Id.Bytes());
        while (row.Read())
        {
            yield return Read(row, isAsked: false);
        }
    }

    private static Attempt Read(SqliteRow row, bool isAsked)
    {
        var repeated = row.Text(11) is { } json ? JsonSerializer.Deserialize(json, StoredJson.Default.RepeatedAnswer) : null;
        var clock = row.Clock(0)!.Value;
        return new Attempt
        {
            OrgId = row.GetString(22),
            Clock = clock,
            EndedAt = clock.At + (row.Long(2) ?? 0),
            Outcome = StoredWord.ToOutcome(row.GetString(3)),
            HasReply = repeated?.HasReply ?? row.GetInt64(4) != 0,
            OwnSession = row.SessionId(5),
            Session = row.SessionId(6),
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
