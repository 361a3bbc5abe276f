using System.Data.Common;
using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Verifying;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>What is asked of a SQLite file to find every fault in it; changes nothing.</summary>
internal sealed class SqliteChecks(string path) : SqliteReading, ICheckedStore
{
    public IReadOnlyList<CheckQuery> Invariants => SqliteInvariants.All;

    public string KeptCounters => $"""
        SELECT session_id, first_seen_at, last_seen_at, {SessionTotals.Columns}
        FROM sessions
        WHERE session > @After AND session <= @UpTo
        ORDER BY session
        """;

    // What rows that are gone had counted stands in the archive.
    public string SummedCounters { get; } = $"""
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

    public string LoneFaults => $"""
        SELECT {AttemptCheck.Columns}
        FROM exchanges
        WHERE ingested > @After AND ingested <= @UpTo AND retry_key IS NULL
          AND (attempt <> 1 OR is_turn <> has_reply OR retry_of IS NOT NULL OR session IS NOT own_session)
        """;

    public string EqualRequests => $"""
        SELECT {AttemptCheck.Columns}
        FROM exchanges
        WHERE retry_key >= @from
        ORDER BY retry_key, org, captured_at, exchange_id
        """;

    // One recorder, one journal: what came out of another one came out of a journal that is gone.
    public string Places => "SELECT body_segment, count(*) FROM exchanges WHERE body_segment IS NOT NULL GROUP BY body_segment ORDER BY body_segment";

    public string Placed => """
        SELECT o.org_id, e.ingested, e.exchange_id, e.body_segment, e.body_offset, e.body_sequence
        FROM exchanges e JOIN orgs o ON o.org = e.org
        WHERE e.ingested > @After AND e.ingested <= @UpTo AND e.body_segment IS NOT NULL
        """;

    public override ReadConnection Open() => new(LetheDatabase.OpenReadOnly(path), static connection => connection.Dispose());

    public bool IsDamage(DbException fault) => fault is SqliteException;

    // Table by table: a snapshot of the whole would keep the write-ahead log growing for as long as it takes.
    public IEnumerable<VerifyFault> OwnFaults(DbConnection connection) => Integrity(connection).Concat(ForeignKeys(connection));

    public IEnumerable<object> Pieces(DbConnection connection, string table, int step)
    {
        var key = table switch { "nodes" => "node", "exchanges" => "ingested", _ => "session" };
        var last = connection.ExecuteScalar<long?>($"SELECT max({key}) FROM {table}") ?? 0;
        for (long after = 0; after < last; after += step)
        {
            yield return new { After = after, UpTo = after + step };
        }
    }

    // Its index by the key of the request holds all organisations.
    public IReadOnlyList<object> Owners(DbConnection connection) => [0L];

    public IEnumerable<(string OrgId, long Last)> LastCommits(DbConnection connection) => connection.Query<(string, long)>(
        "SELECT org_id, coalesce((SELECT max(ingested) FROM exchanges e WHERE e.org = o.org), 0) FROM orgs o");

    public bool IsToBeErased(DbConnection connection, JournalPosition at) => false;

    public override void Dispose()
    {
        // Each connection goes with its check.
    }

    private static IEnumerable<VerifyFault> Integrity(DbConnection connection) => Tables(connection)
        .SelectMany(table => connection.Query<string>($"PRAGMA integrity_check(\"{table}\")"))
        .Where(line => line != "ok")
        .Select(line => new VerifyFault(VerifyFaultKind.Integrity, "store", line));

    private static IEnumerable<VerifyFault> ForeignKeys(DbConnection connection) => Tables(connection)
        .SelectMany(table => connection.Query<(string Table, long? Row, string Parent)>($"PRAGMA foreign_key_check(\"{table}\")"))
        .Select(row => new VerifyFault(VerifyFaultKind.ForeignKey, $"{row.Table} {row.Row}", $"names a row of {row.Parent} that is not there"));

    private static IEnumerable<string> Tables(DbConnection connection) => connection.Query<string>("SELECT name FROM sqlite_schema WHERE type = 'table'");
}
