using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Verifying;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>Takes exchanges' rows away, and adds what they counted to what is archived of their sessions. Takes part in the caller's transaction.</summary>
internal static class PostgresRecordsOut
{
    /// <summary>Longer than any call is tried again.</summary>
    public const long GroupMicrosecondsMax = 24L * 3600 * 1_000_000;

    /// <summary>What follows an INSERT into <c>archived a</c>, so that it adds.</summary>
    public static string Add { get; } = $"""
        ON CONFLICT (org, session) DO UPDATE SET
          {string.Join(", ", SessionTotals.Names.Select(name => $"{name} = a.{name} + excluded.{name}"))},
          first_seen_at = least(a.first_seen_at, excluded.first_seen_at),
          last_seen_at = greatest(a.last_seen_at, excluded.last_seen_at)
        """;

    /// <summary>What follows an INSERT of one session's sums into <c>archived a</c>, of what another session <c>o</c> has archived.</summary>
    public static string Sums { get; } = string.Join(", ", SessionTotals.Names.Select(name => "o." + name)) + ", o.first_seen_at, o.last_seen_at";

    /// <summary>Those whose other tries stay, stay with them; how many went.</summary>
    public static int RunWholeCalls(NpgsqlConnection connection, IReadOnlyCollection<HeldWords> exchanges)
    {
        PostgresWordsOut.Mean(connection, exchanges);
        KeepGroupsWhole(connection);
        return Remove(connection);
    }

    /// <summary>All of them; what is left of the tries of their calls is numbered as though there had been no others. How many went.</summary>
    public static int Run(NpgsqlConnection connection, IReadOnlyCollection<HeldWords> exchanges)
    {
        PostgresWordsOut.Mean(connection, exchanges);
        var parted = connection.Query<(long Key, Guid Org)>(
            $"""
            SELECT DISTINCT e.retry_key, e.org
            FROM {PostgresWordsOut.Going}
            JOIN exchanges x ON x.org = e.org AND x.retry_key = e.retry_key
            WHERE NOT EXISTS (SELECT 1 FROM going o WHERE o.org = x.org AND o.captured_at = x.captured_at AND o.exchange_id = x.exchange_id)
            """).AsList();
        var removed = Remove(connection);
        if (parted.Count > 0)
        {
            var rows = new PostgresRows(new PostgresStatements(connection));
            var set = new WorkingSet();
            parted.ForEach(call => AttemptGroups.PlaceAnew(set, rows.LoadTries(set, call.Org.ToString("D"), call.Key)));
            rows.Write(set);
        }

        return removed;
    }

    /// <summary>Counts rows <c>e</c> for their sessions' archive, and takes away what hangs on them; the rows themselves are left to the caller.</summary>
    public static void Archive(NpgsqlConnection connection, string rows)
    {
        connection.Execute(
            $"""
            INSERT INTO archived AS a (org, session, {string.Join(", ", ExchangeSums.Columns.Select(column => column.Name))}, first_seen_at, last_seen_at)
            SELECT e.org, coalesce(e.session, @nobody), {string.Join(", ", ExchangeSums.Columns.Select(column => column.Sum))}, min(e.captured_at), max(e.captured_at)
            FROM {rows}
            GROUP BY e.org, coalesce(e.session, @nobody)
            {Add}
            """,
            new { nobody = Guid.Empty });
        connection.Execute(
            $"""
            WITH gone AS (
              DELETE FROM tool_calls t USING {rows}
              WHERE t.org = e.org AND t.session = e.session AND coalesce(t.asked_by, t.answered_by) = e.exchange_id
              RETURNING t.org, t.session, t.asked_by)
            INSERT INTO archived AS a (org, session, tool_calls) SELECT org, session, count(asked_by) FROM gone GROUP BY org, session
            {Add};
            DELETE FROM responses r USING {rows} WHERE r.org = e.org AND r.response_id = e.response_id;
            DELETE FROM responses r USING {rows} WHERE r.org = e.org AND r.session IS NULL AND coalesce(r.heard_by, r.continued_by) = e.exchange_id
            """);
    }

    private static int Remove(NpgsqlConnection connection)
    {
        // What no row tells any more names no place.
        connection.Execute(
            "UPDATE exchanges e SET project = NULL FROM going g WHERE g.org = e.org AND g.captured_at = e.captured_at AND g.exchange_id = e.exchange_id AND e.project IS NOT NULL");
        Archive(connection, PostgresWordsOut.Going);
        return connection.Execute(
            "DELETE FROM exchanges e USING going g WHERE g.org = e.org AND g.captured_at = e.captured_at AND g.exchange_id = e.exchange_id");
    }

    // The tries of a call are numbered by those that are there.
    private static void KeepGroupsWhole(NpgsqlConnection connection)
    {
        while (connection.Execute(
            """
            DELETE FROM going g USING exchanges e, exchanges x
            WHERE e.org = g.org AND e.captured_at = g.captured_at AND e.exchange_id = g.exchange_id
              AND x.org = e.org AND x.retry_key = e.retry_key
              AND x.captured_at BETWEEN e.captured_at - @GroupMicrosecondsMax AND e.captured_at + @GroupMicrosecondsMax
              AND (e.attempt > 1 OR x.attempt > 1)
              AND NOT EXISTS (SELECT 1 FROM going o WHERE o.org = x.org AND o.captured_at = x.captured_at AND o.exchange_id = x.exchange_id)
            """,
            new { GroupMicrosecondsMax }) > 0)
        {
            // What shares a group with those that stay now, stays too.
        }
    }
}
