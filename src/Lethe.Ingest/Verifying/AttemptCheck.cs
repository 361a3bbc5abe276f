using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Verifying;

/// <summary>Numbers every group of equal requests anew and compares.</summary>
internal static class AttemptCheck
{
    public static IEnumerable<VerifyFault> Run(SqliteConnection connection)
    {
        var group = new List<Row>();
        var rows = connection.Query<Row>(
            """
            SELECT exchange_id, org, retry_key, outcome, captured_at, captured_at + coalesce(duration_us, 0) AS ended_at, has_reply, is_turn, attempt, retry_of, own_session, session
            FROM exchanges
            ORDER BY retry_key IS NULL, retry_key, org, captured_at, exchange_id
            """,
            buffered: false);
        foreach (var row in rows)
        {
            if (group.Count > 0 && (row.RetryKey is null || EndsBetween(group[^1], row) || row.Org != group[^1].Org || row.RetryKey != group[^1].RetryKey))
            {
                foreach (var fault in Check(group))
                {
                    yield return fault;
                }

                group.Clear();
            }

            group.Add(row);
        }

        foreach (var fault in Check(group))
        {
            yield return fault;
        }
    }

    private static IEnumerable<VerifyFault> Check(List<Row> group)
    {
        var turn = group.FindLastIndex(row => row.HasReply != 0);
        for (var i = 0; i < group.Count; i++)
        {
            var row = group[i];
            var session = group.Skip(i).Select(later => later.OwnSession).FirstOrDefault(own => own is not null);
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
