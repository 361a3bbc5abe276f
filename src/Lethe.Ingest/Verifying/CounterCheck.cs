using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Verifying;

/// <summary>Sums every session's exchanges anew and compares with its counters and times.</summary>
internal static class CounterCheck
{
    private const int SessionsAtOnce = 200;

    private const string Kept = $"""
        SELECT session_id, first_seen_at, last_seen_at, {SessionTotals.Columns}
        FROM sessions
        WHERE session > @After AND session <= @UpTo
        ORDER BY session
        """;

    // What rows that are gone had counted stands in the archive.
    private static readonly string Summed = $"""
        SELECT s.session_id,
               {string.Join(",\n", ExchangeSums.Columns.Select(column => $"{column.Sum} + coalesce(a.{column.Name}, 0) AS {column.Name}"))},
               min(coalesce(min(e.captured_at), a.first_seen_at), coalesce(a.first_seen_at, min(e.captured_at))) AS first_seen_at,
               max(coalesce(max(e.captured_at), a.last_seen_at), coalesce(a.last_seen_at, max(e.captured_at))) AS last_seen_at,
               (SELECT count(*) FROM session_nodes m WHERE m.session = s.session) + coalesce(a.nodes, 0) AS nodes,
               (SELECT count(t.asked_by) FROM tool_calls t WHERE t.session = s.session) + coalesce(a.tool_calls, 0) AS tool_calls
        FROM sessions s
        LEFT JOIN exchanges e ON e.session = s.session
        LEFT JOIN archived a ON a.org = s.org AND a.session_id = s.session_id AND s.is_placeholder = 0
        WHERE s.session > @After AND s.session <= @UpTo
        GROUP BY s.session
        ORDER BY s.session
        """;

    public static IEnumerable<VerifyFault> Run(SqliteConnection connection) =>
        StoreRanges.Check(connection, "sessions", "session", SessionsAtOnce, Compare);

    private static IEnumerable<VerifyFault> Compare(SqliteConnection connection, KeyRange range)
    {
        var sums = connection.Query(Summed, range).Cast<IDictionary<string, object?>>();
        return connection.Query(Kept, range).Cast<IDictionary<string, object?>>().Zip(sums, Compare).SelectMany(faults => faults);
    }

    private static IEnumerable<VerifyFault> Compare(IDictionary<string, object?> kept, IDictionary<string, object?> sums) => kept
        .Where(counter => !Equals(counter.Value, sums[counter.Key]))
        .Select(counter => new VerifyFault(
            VerifyFaultKind.Counter,
            $"{kept["session_id"]}",
            $"{counter.Key} is {counter.Value ?? "null"}, the sum is {sums[counter.Key] ?? "null"}",
            counter.Key));
}
