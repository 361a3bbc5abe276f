using System.Data.Common;
using Dapper;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Verifying;

/// <summary>Numbers every group of equal requests anew and compares.</summary>
internal static class AttemptCheck
{
    private const int RowsAtOnce = 5_000;

    /// <summary>What the rows of both queries are read into.</summary>
    public const string Columns =
        "exchange_id, org, retry_key, outcome, captured_at, captured_at + coalesce(duration_us, 0) AS ended_at, has_reply, is_turn, attempt, retry_of, own_session, session";

    public static IEnumerable<VerifyFault> Run(ICheckedStore store, DbConnection connection)
    {
        var alone = StorePieces.Check(
            store, connection, "exchanges", RowsAtOnce, (at, piece) => at.Query<Row>(store.LoneFaults, piece).SelectMany(row => Check([row])));
        return alone.Concat(store.Owners(connection).SelectMany(owner => InGroups(store, connection, owner)));
    }

    // By the key of the requests: some thousands of rows in a snapshot, and the groups that they begin whole.
    private static IEnumerable<VerifyFault> InGroups(ICheckedStore store, DbConnection connection, object owner)
    {
        for (long? from = long.MinValue; from is { } key;)
        {
            var faults = new List<VerifyFault>();
            from = Next(store, connection, owner, key, faults);
            foreach (var fault in faults)
            {
                yield return fault;
            }
        }
    }

    private static long? Next(ICheckedStore store, DbConnection connection, object owner, long from, List<VerifyFault> faults)
    {
        using var snapshot = store.BeginSnapshot(connection);
        var group = new List<Row>();
        var count = 0;
        foreach (var row in connection.Query<Row>(store.EqualRequests, new { from, org = owner }, snapshot, buffered: false))
        {
            var isOtherKey = group.Count > 0 && row.RetryKey != group[^1].RetryKey;
            if (group.Count > 0 && (isOtherKey || !row.Org.Equals(group[^1].Org) || EndsBetween(group[^1], row)))
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
        object? session = null;
        for (var i = group.Count - 1; i >= 0; i--)
        {
            var row = group[i];
            session = row.OwnSession ?? session;
            Guid? first = i == 0 ? null : group[0].ExchangeId;
            if (row.Attempt != i + 1 || row.IsTurn != (i == turn ? 1 : 0) || !Equals(row.Session, session) || row.RetryOf != first)
            {
                yield return new VerifyFault(
                    VerifyFaultKind.Attempt,
                    row.ExchangeId.ToString("D"),
                    $"attempt {row.Attempt}, turn {row.IsTurn}, session {row.Session}; expected attempt {i + 1}, turn {(i == turn ? 1 : 0)}, session {session}");
            }
        }
    }

    private static bool EndsBetween(Row earlier, Row later) =>
        AttemptGroups.EndsBetween(StoredWord.ToOutcome(earlier.Outcome), earlier.EndedAt, later.CapturedAt);

    private sealed class Row
    {
        public Guid ExchangeId { get; init; }
        public object Org { get; init; } = "";
        public long? RetryKey { get; init; }
        public string Outcome { get; init; } = "";
        public long CapturedAt { get; init; }
        public long EndedAt { get; init; }
        public long HasReply { get; init; }
        public long IsTurn { get; init; }
        public long Attempt { get; init; }
        public Guid? RetryOf { get; init; }
        public object? OwnSession { get; init; }
        public object? Session { get; init; }
    }
}
