using Lethe.Capture;
using Lethe.Capture.Turns;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>What of an exchange depends on the other tries of the same call.</summary>
internal sealed class Attempt
{
    /// <summary>Its row; null while it is not stored yet.</summary>
    public long? Ingested { get; init; }

    public required CaptureClock Clock { get; init; }

    public required Outcome Outcome { get; init; }

    public required bool HasReply { get; init; }

    /// <summary>The session that the exchange itself named.</summary>
    public required long? OwnSession { get; init; }

    public Usage? Usage { get; init; }

    public long? CostNanoUsd { get; init; }

    public long? Session { get; set; }

    public bool IsTurn { get; set; }

    public int Number { get; set; } = 1;

    public Guid? RetryOf { get; set; }

    public ExchangeTally Tally => ExchangeTally.Of(Outcome, IsTurn, Usage, CostNanoUsd);
}

/// <summary>
/// Groups equal requests: one joins the group of the one before it, by capture, when that one did not complete. The turn of a group is its last
/// reply; an exchange without a session goes to the session of the next one that has it. All of it is a pure function of the exchanges that are
/// there. Takes part in the caller's transaction.
/// </summary>
internal sealed class AttemptGroups : IDisposable
{
    private const string Columns = "ingested, captured_at, exchange_id, outcome, has_reply, own_session, session, is_turn, attempt, retry_of, "
        + "input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, cost_nano_usd";

    private readonly SessionLedger sessions;
    private readonly Statement any;
    private readonly HashSet<long> repeated = [];
    private readonly Statement before;
    private readonly Statement after;
    private readonly Statement move;

    public AttemptGroups(sqlite3 database, SessionLedger sessions)
    {
        this.sessions = sessions;
        any = new Statement(database, "SELECT 1 FROM exchanges WHERE retry_key = ? LIMIT 1");
        before = new Statement(
            database,
            $"""
            SELECT {Columns} FROM exchanges
            WHERE retry_key = ? AND org = ? AND (captured_at, exchange_id) < (?, ?)
            ORDER BY captured_at DESC, exchange_id DESC
            """);
        after = new Statement(
            database,
            $"""
            SELECT {Columns} FROM exchanges
            WHERE retry_key = ? AND org = ? AND (captured_at, exchange_id) > (?, ?)
            ORDER BY captured_at, exchange_id
            """);
        move = new Statement(database, "UPDATE exchanges SET session = ?, is_turn = ?, attempt = ?, retry_of = ? WHERE ingested = ?");
    }

    /// <summary>The keys of the exchanges that are placed next. Most calls are made once: which are not is looked up in the order of the index.</summary>
    public void Expect(IEnumerable<long> retryKeys)
    {
        repeated.Clear();
        long? before = null;
        foreach (var key in retryKeys.Order())
        {
            if (key == before || any.Bind(key).Scalar() is not null)
            {
                repeated.Add(key);
            }

            before = key;
        }
    }

    /// <summary>Places a new exchange among the other tries of its call, and moves those whose place has changed by it.</summary>
    public void Place(long? retryKey, long org, Attempt fresh)
    {
        fresh.Session = fresh.OwnSession;
        fresh.IsTurn = fresh.HasReply;
        if (retryKey is not { } key || !repeated.Contains(key))
        {
            return;
        }

        var run = Neighbours(before, key, org, fresh.Clock, static attempt => IsFinal(attempt));
        if (run.Count > 0 && IsFinal(run[^1]))
        {
            run.RemoveAt(run.Count - 1);
        }

        run.Reverse();
        run.Add(fresh);
        run.AddRange(Neighbours(after, key, org, fresh.Clock, static attempt => IsFinal(attempt)));
        for (var start = 0; start < run.Count;)
        {
            var end = run.FindIndex(start, IsFinal);
            end = end < 0 ? run.Count : end + 1;
            Arrange(run[start..end]);
            start = end;
        }
    }

    public void Dispose()
    {
        any.Dispose();
        before.Dispose();
        after.Dispose();
        move.Dispose();
    }

    private static bool IsFinal(Attempt attempt) => ExchangeTally.IsFinal(attempt.Outcome);

    private void Arrange(List<Attempt> group)
    {
        var turn = group.FindLast(attempt => attempt.HasReply);
        long? heir = null;
        for (var i = group.Count - 1; i >= 0; i--)
        {
            var attempt = group[i];
            heir = attempt.OwnSession ?? heir;
            Guid? first = i == 0 ? null : group[0].Clock.Id;
            var isTurn = attempt == turn;
            if (attempt.Session == heir && attempt.IsTurn == isTurn && attempt.Number == i + 1 && attempt.RetryOf == first)
            {
                continue;
            }

            Uncount(attempt);
            var left = attempt.Session;
            attempt.Session = heir;
            attempt.IsTurn = isTurn;
            attempt.Number = i + 1;
            attempt.RetryOf = first;
            Recount(attempt, left);
        }
    }

    private void Uncount(Attempt attempt)
    {
        if (attempt is { Ingested: not null, Session: { } session })
        {
            sessions.Load(session).Totals.Subtract(attempt.Tally);
            sessions.Touch(sessions.Load(session));
        }
    }

    private void Recount(Attempt attempt, long? left)
    {
        if (attempt.Ingested is not { } row)
        {
            return;
        }

        move.Bind(attempt.Session).Bind(attempt.IsTurn).Bind(attempt.Number);
        (attempt.RetryOf is { } first ? move.Bind(first.ToByteArray(bigEndian: true)) : move.BindNull()).Bind(row).Run();
        if (left is { } former && former != attempt.Session)
        {
            sessions.LookAgain(sessions.Load(former));
        }

        if (attempt.Session is { } session)
        {
            var state = sessions.Load(session);
            state.Totals.Add(attempt.Tally);
            state.Widen(attempt.Clock.At);
            sessions.Touch(state);
        }
    }

    private static List<Attempt> Neighbours(Statement query, long retryKey, long org, CaptureClock clock, Predicate<Attempt> last)
    {
        var found = new List<Attempt>();
        query.Bind(retryKey).Bind(org);
        clock.Bind(query);
        try
        {
            while (query.Step())
            {
                found.Add(Read(query));
                if (last(found[^1]))
                {
                    break;
                }
            }
        }
        finally
        {
            query.Reset();
        }

        return found;
    }

    private static Attempt Read(Statement row) => new()
    {
        Ingested = row.Int64(0),
        Clock = CaptureClock.Read(row, 1),
        Outcome = StoredWord.ToOutcome(row.Text(3)!),
        HasReply = row.Int64(4) != 0,
        OwnSession = row.Int64OrNull(5),
        Session = row.Int64OrNull(6),
        IsTurn = row.Int64(7) != 0,
        Number = (int)row.Int64(8),
        RetryOf = row.BlobOrNull(9) is { } id ? new Guid(id, bigEndian: true) : null,
        Usage = new Usage
        {
            Input = row.Int64OrNull(10),
            CacheRead = row.Int64OrNull(11),
            CacheWrite5m = row.Int64OrNull(12),
            CacheWrite1h = row.Int64OrNull(13),
            Output = row.Int64OrNull(14),
            Reasoning = row.Int64OrNull(15),
        },
        CostNanoUsd = row.Int64OrNull(16),
    };
}
