using System.Data.Common;
using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Verifying;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Takes exchanges' rows away, and adds what they counted to what is archived of their sessions. Takes part in the caller's transaction.</summary>
internal sealed class RecordsOut(SqliteConnection connection, DbTransaction transaction)
{
    /// <summary>Longer than any call is tried again.</summary>
    private const long GroupMicrosecondsMax = 24L * 3600 * 1_000_000;

    private const string Going = "ingested IN (SELECT row FROM temp.going)";

    /// <summary>What follows an INSERT into <c>archived</c>, so that it adds.</summary>
    public static string Add { get; } = $"""
        ON CONFLICT DO UPDATE SET
          {string.Join(", ", SessionTotals.Names.Select(name => $"{name} = {name} + excluded.{name}"))},
          first_seen_at = min(coalesce(first_seen_at, excluded.first_seen_at), coalesce(excluded.first_seen_at, first_seen_at)),
          last_seen_at = max(coalesce(last_seen_at, excluded.last_seen_at), coalesce(excluded.last_seen_at, last_seen_at))
        """;

    private static readonly string Archive = $"""
        INSERT INTO archived (org, session_id, {string.Join(", ", ExchangeSums.Columns.Select(column => column.Name))}, first_seen_at, last_seen_at)
        SELECT e.org, coalesce(s.session_id, ''), {string.Join(", ", ExchangeSums.Columns.Select(column => column.Sum))}, min(e.captured_at), max(e.captured_at)
        FROM exchanges e
        LEFT JOIN sessions s ON s.session = e.session
        WHERE e.{Going}
        GROUP BY e.org, coalesce(s.session_id, '')
        {Add}
        """;

    public int Run(IReadOnlyCollection<HeldWords> exchanges)
    {
        WordsOut.Mean(connection, transaction, exchanges);
        KeepGroupsWhole();
        connection.Execute(Archive, transaction: transaction);
        connection.Execute(
            $"""
            INSERT INTO archived (org, session_id, tool_calls)
            SELECT s.org, s.session_id, count(t.asked_by)
            FROM tool_calls t
            JOIN sessions s ON s.session = t.session
            WHERE t.session IN (SELECT session FROM exchanges WHERE {Going}) AND coalesce(t.asked_by, t.answered_by) IN (SELECT exchange_id FROM exchanges WHERE {Going})
            GROUP BY s.session
            {Add};
            DELETE FROM tool_calls
            WHERE session IN (SELECT session FROM exchanges WHERE {Going}) AND coalesce(asked_by, answered_by) IN (SELECT exchange_id FROM exchanges WHERE {Going});
            DELETE FROM responses
            WHERE (org, response_id) IN (SELECT org, response_id FROM exchanges WHERE {Going} AND response_id IS NOT NULL);
            """,
            transaction: transaction);
        return connection.Execute($"DELETE FROM exchanges WHERE {Going}", transaction: transaction);
    }

    // The tries of a call are numbered by those that are there.
    private void KeepGroupsWhole()
    {
        while (connection.Execute(
            """
            DELETE FROM temp.going
            WHERE row IN (
              SELECT e.ingested
              FROM exchanges e
              JOIN exchanges x ON x.retry_key = e.retry_key AND x.org = e.org
                AND x.captured_at BETWEEN e.captured_at - @GroupMicrosecondsMax AND e.captured_at + @GroupMicrosecondsMax
              WHERE e.ingested IN (SELECT row FROM temp.going) AND (e.attempt > 1 OR x.attempt > 1) AND x.ingested NOT IN (SELECT row FROM temp.going))
            """,
            new { GroupMicrosecondsMax },
            transaction) > 0)
        {
            // What shares a group with those that stay now, stays too.
        }
    }
}
