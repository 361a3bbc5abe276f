using Dapper;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>Months of exchanges that go whole: a table is dropped, where rows would be deleted one by one.</summary>
internal static class PostgresMonths
{
    /// <summary>Those that end before a time, oldest first.</summary>
    public static IReadOnlyList<string> Before(NpgsqlConnection connection, long before) =>
    [
        .. connection.Query<(string Table, long End)>(
            """
            SELECT i.inhrelid::regclass::text, (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''(-?\d+)''\)'))[1]::bigint AS until
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'exchanges'::regclass
            ORDER BY until
            """)
            .Where(month => month.End <= before)
            .Select(month => month.Table),
    ];

    /// <summary>
    /// Drops a month where all of it may go: no words are left in it, no pin holds any of it, and no call was tried once in it and once outside it. Else
    /// it is left, and goes row by row as far as it may.
    /// </summary>
    /// <returns>How many rows went.</returns>
    public static int TryDrop(NpgsqlConnection connection, string month)
    {
        var isHeld = connection.ExecuteScalar<bool>(
            $"""
            {PostgresHeld.Pinned}
            SELECT EXISTS (SELECT 1 FROM {month} e WHERE {PostgresHeld.HasWords})
                OR EXISTS (SELECT 1 FROM {month} e WHERE {PostgresHeld.IsPinned})
                OR EXISTS (
                  SELECT 1
                  FROM {month} e
                  JOIN exchanges x ON x.org = e.org AND x.retry_key = e.retry_key
                    AND x.captured_at BETWEEN e.captured_at - @GroupMicrosecondsMax AND e.captured_at + @GroupMicrosecondsMax
                  WHERE (e.attempt > 1 OR x.attempt > 1) AND x.tableoid <> e.tableoid)
            """,
            new { PostgresRecordsOut.GroupMicrosecondsMax });
        if (isHeld)
        {
            return 0;
        }

        connection.Execute($"UPDATE exchanges e SET project = NULL FROM {month} m WHERE m.org = e.org AND m.captured_at = e.captured_at AND m.exchange_id = e.exchange_id AND m.project IS NOT NULL");
        var rows = connection.ExecuteScalar<int>($"SELECT count(*) FROM {month}");
        PostgresRecordsOut.Archive(connection, $"{month} e");
        connection.Execute($"ALTER TABLE exchanges DETACH PARTITION {month}; DROP TABLE {month}");
        return rows;
    }
}
