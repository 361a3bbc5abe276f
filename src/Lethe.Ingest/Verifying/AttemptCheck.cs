using Dapper;
using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Verifying;

/// <summary>Numbers every group of equal requests anew and compares.</summary>
internal static class AttemptCheck
{
    private const int RowsAtOnce = 5_000;

    private const string Columns = "exchange_id, org, retry_key, outcome, captured_at, captured_at + coalesce(duration_us, 0) AS ended_at, has_reply, is_turn, attempt, retry_of, own_session, session";

    private const string Single = $"""
        SELECT {Columns}
        FROM exchanges
        WHERE ingested > @After AND ingested <= @UpTo AND retry_key IS NULL
          AND (attempt <> 1 OR is_turn <> has_reply OR retry_of IS NOT NULL OR session IS NOT own_session)
        """;

    private const string Equal = $"""
        SELECT {Columns}
        FROM exchanges
        WHERE retry_key >= @from
        ORDER BY retry_key, org, captured_at, exchange_id
        """;

    public static IEnumerable<VerifyFault> Run(SqliteConnection connection)
    {
        var alone = StoreRanges.Check(
            connection, "exchanges", "ingested", RowsAtOnce, (at, range) => at.Query<Row>(Single, range).SelectMany(row => Check([row])));
        return alone.Concat(InGroups(connection));
    }

    // By the key of the requests: some thousands of rows in a snapshot, and the groups that they begin whole.
    private static IEnumerable<VerifyFault> InGroups(SqliteConnection connection)
    {
        for (long? from = long.MinValue; from is { } key;)
        {
            var faults = new List<VerifyFault>();
            from = Next(connection, key, faults);
            foreach (var fault in faults)
            {
                yield return fault;
            }
        }
    }

    private static long? Next(SqliteConnection connection, long from, List<VerifyFault> faults)
    {
        using var snapshot = connection.BeginTransaction(deferred: true);
        var group = new List<Row>();
        var count = 0;
        foreach (var row in connection.Query<Row>(Equal, new { from }, snapshot, buffered: false))
        {
            var isOtherKey = group.Count > 0 && row.RetryKey != group[^1].RetryKey;
            if (group.Count > 0 && (isOtherKey || row.Org != group[^1].Org || EndsBetween(group[^1], row)))
            {
                faults.AddRange(Check(group));
                group.Clear();
            }

            if (isOtherKey && count >= RowsAtOnce)
            {
                return row.RetryKey;
            }

            group.Add(row);
            count++;
        }

        faults.AddRange(Check(group));
        return null;
    }

    private static IEnumerable<VerifyFault> Check(List<Row> group)
    {
        var turn = group.FindLastIndex(row => row.HasReply != 0);
        long? session = null;
        for (var i = group.Count - 1; i >= 0; i--)
        {
            var row = group[i];
            session = row.OwnSession ?? session;
            var first = i == 0 ? null : group[0].ExchangeId;
            if (row.Attempt != i + 1 || row.IsTurn != (i == turn ? 1 : 0) || row.Session != session || !row.RetryOf.AsSpan().SequenceEqual(first))
            {
                yield return new VerifyFault(
                    VerifyFaultKind.Attempt,
                    new Guid(row.ExchangeId, bigEndian: true).ToString("D"),
                    $"attempt {row.Attempt}, turn {row.IsTurn}, session {row.Session}; expected attempt {i + 1}, turn {(i == turn ? 1 : 0)}, session {session}");
            }
        }
    }

    private static bool EndsBetween(Row earlier, Row later) =>
        AttemptGroups.EndsBetween(StoredWord.ToOutcome(earlier.Outcome), earlier.EndedAt, later.CapturedAt);

    private sealed class Row
    {
        public byte[] ExchangeId { get; init; } = [];
        public long Org { get; init; }
        public long? RetryKey { get; init; }
        public string Outcome { get; init; } = "";
        public long CapturedAt { get; init; }
        public long EndedAt { get; init; }
        public long HasReply { get; init; }
        public long IsTurn { get; init; }
        public long Attempt { get; init; }
        public byte[]? RetryOf { get; init; }
        public long? OwnSession { get; init; }
        public long? Session { get; init; }
    }
}
