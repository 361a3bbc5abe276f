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

    private const string Summed = """
        SELECT s.session_id,
               count(e.ingested) AS exchanges,
               coalesce(sum(e.is_turn), 0) AS turns,
               coalesce(sum(e.is_turn = 0 AND e.outcome NOT IN ('completed', 'not_decoded')), 0) AS attempts,
               coalesce(sum(e.outcome IN ('upstream_error', 'upstream_aborted', 'no_response')), 0) AS errors,
               coalesce(sum(max(e.input, 0)), 0) AS input,
               coalesce(sum(max(e.cache_read, 0)), 0) AS cache_read,
               coalesce(sum(max(e.cache_write_5m, 0)), 0) AS cache_write_5m,
               coalesce(sum(max(e.cache_write_1h, 0)), 0) AS cache_write_1h,
               coalesce(sum(max(e.output, 0)), 0) AS output,
               coalesce(sum(max(e.reasoning, 0)), 0) AS reasoning,
               coalesce(sum(max(e.cost_nano_usd, 0)), 0) AS cost_nano_usd,
               coalesce(sum(e.is_turn = 1 AND e.cost_nano_usd IS NULL), 0) AS unpriced_turns,
               min(e.captured_at) AS first_seen_at,
               max(e.captured_at) AS last_seen_at,
               (SELECT count(*) FROM session_nodes m WHERE m.session = s.session) AS nodes,
               (SELECT count(t.asked_by) FROM tool_calls t WHERE t.session = s.session) AS tool_calls
        FROM sessions s
        LEFT JOIN exchanges e ON e.session = s.session
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
