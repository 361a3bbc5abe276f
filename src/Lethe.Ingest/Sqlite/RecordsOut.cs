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

    private static readonly string Archive = $"""
        INSERT INTO archived (org, session_id, {string.Join(", ", ExchangeSums.Columns.Select(column => column.Name))}, first_seen_at, last_seen_at)
        SELECT e.org, coalesce(s.session_id, ''), {string.Join(", ", ExchangeSums.Columns.Select(column => column.Sum))}, min(e.captured_at), max(e.captured_at)
        FROM exchanges e
        LEFT JOIN sessions s ON s.session = e.session
        WHERE e.{Going}
        GROUP BY e.org, coalesce(s.session_id, '')
        {ArchivedSums.Add}
        """;

    /// <summary>Those whose other tries stay, stay with them; how many went.</summary>
    public int RunWholeCalls(IReadOnlyCollection<HeldWords> exchanges)
    {
        WordsOut.Mean(connection, transaction, exchanges);
        KeepGroupsWhole();
        return Remove();
    }

    /// <summary>All of them; what is left of the tries of their calls is numbered as though there had been no others. How many went.</summary>
    public int Run(IReadOnlyCollection<HeldWords> exchanges)
    {
        WordsOut.Mean(connection, transaction, exchanges);
        var parted = connection.Query<(long Key, string Org)>(
            $"""
            SELECT DISTINCT e.retry_key, o.org_id
            FROM exchanges e
            JOIN orgs o ON o.org = e.org
            JOIN exchanges x ON x.retry_key = e.retry_key AND x.org = e.org
            WHERE e.{Going} AND x.ingested NOT IN (SELECT row FROM temp.going)
            """,
            transaction: transaction).AsList();
        var removed = Remove();
        if (parted.Count > 0)
        {
            using var names = new SqliteNames(connection);
            using var rows = new SqliteRows(connection, names);
            var set = new WorkingSet();
            parted.ForEach(call => AttemptGroups.PlaceAnew(set, rows.LoadTries(set, call.Org, call.Key)));
            rows.Write(set);
        }

        return removed;
    }

    private int Remove()
    {
        // What no row tells any more names no place.
        connection.Execute($"UPDATE exchanges SET project = NULL WHERE {Going} AND project IS NOT NULL", transaction: transaction);
        connection.Execute(Archive, transaction: transaction);
        connection.Execute(
            $"""
            INSERT INTO archived (org, session_id, tool_calls)
            SELECT s.org, s.session_id, count(t.asked_by)
            FROM tool_calls t
            JOIN sessions s ON s.session = t.session
            WHERE t.session IN (SELECT session FROM exchanges WHERE {Going}) AND coalesce(t.asked_by, t.answered_by) IN (SELECT exchange_id FROM exchanges WHERE {Going})
            GROUP BY s.session
            {ArchivedSums.Add};
            DELETE FROM tool_calls
            WHERE session IN (SELECT session FROM exchanges WHERE {Going}) AND coalesce(asked_by, answered_by) IN (SELECT exchange_id FROM exchanges WHERE {Going});
            DELETE FROM responses
            WHERE (org, response_id) IN (SELECT org, response_id FROM exchanges WHERE {Going} AND response_id IS NOT NULL);
            DELETE FROM responses
            WHERE session IS NULL AND coalesce(heard_by, continued_by) IN (SELECT exchange_id FROM exchanges WHERE {Going});
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
