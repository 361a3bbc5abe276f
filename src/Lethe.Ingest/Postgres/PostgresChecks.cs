using System.Data.Common;
using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Verifying;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>What is asked of a PostgreSQL database to find every fault in it; changes nothing.</summary>
internal sealed class PostgresChecks(NpgsqlDataSource source) : PostgresReading(source), ICheckedStore
{
    /// <summary>The class of a damaged page or index, and of the server's own faults. https://www.postgresql.org/docs/15/errcodes-appendix.html</summary>
    private const string InternalError = "XX";

    /// <summary>Every key to another table as a question for what it points at in vain. What months inherit is asked of the whole.</summary>
    private const string Keys = """
        SELECT c.conrelid::regclass::text AS child, c.confrelid::regclass::text AS parent,
               string_agg(format('p.%I = c.%I', p.attname, o.attname), ' AND ' ORDER BY k.place) AS matches,
               string_agg(format('c.%I IS NOT NULL', o.attname), ' AND ' ORDER BY k.place) AS told
        FROM pg_constraint c
        CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY k (own, other, place)
        JOIN pg_attribute o ON o.attrelid = c.conrelid AND o.attnum = k.own
        JOIN pg_attribute p ON p.attrelid = c.confrelid AND p.attnum = k.other
        WHERE c.contype = 'f' AND c.conparentid = 0 AND c.connamespace = current_schema()::regnamespace
        GROUP BY c.oid
        ORDER BY 1, 2
        """;

    public IReadOnlyList<CheckQuery> Invariants => PostgresInvariants.All;

    public string KeptCounters => $"""
        SELECT session AS session_id, first_seen_at, last_seen_at, {SessionTotals.Columns}
        FROM sessions
        WHERE org = @Org AND session > @After AND session <= @UpTo
        ORDER BY session
        """;

    // What rows that are gone had counted stands in the archive.
    public string SummedCounters { get; } = $"""
        SELECT s.session AS session_id,
               {string.Join(",\n", ExchangeSums.Columns.Select(column => $"{column.Sum} + coalesce(a.{column.Name}, 0) AS {column.Name}"))},
               least(min(e.captured_at), a.first_seen_at) AS first_seen_at,
               greatest(max(e.captured_at), a.last_seen_at) AS last_seen_at,
               (SELECT count(*) FROM session_nodes m WHERE m.org = s.org AND m.session = s.session) + coalesce(a.nodes, 0) AS nodes,
               (SELECT count(t.asked_by) FROM tool_calls t WHERE t.org = s.org AND t.session = s.session) + coalesce(a.tool_calls, 0) AS tool_calls
        FROM sessions s
        LEFT JOIN exchanges e ON e.org = s.org AND e.session = s.session
        LEFT JOIN archived a ON a.org = s.org AND a.session = s.session AND s.is_placeholder = 0
        WHERE s.org = @Org AND s.session > @After AND s.session <= @UpTo
        GROUP BY s.org, s.session, a.org, a.session
        ORDER BY s.session
        """;

    public string LoneFaults => $"""
        SELECT {AttemptCheck.Columns}
        FROM exchanges
        WHERE org = @Org AND ingested > @After AND ingested <= @UpTo AND retry_key IS NULL
          AND (attempt <> 1 OR is_turn <> has_reply OR retry_of IS NOT NULL OR session IS DISTINCT FROM own_session)
        """;

    public string EqualRequests => $"""
        SELECT {AttemptCheck.Columns}
        FROM exchanges
        WHERE org = @org AND retry_key >= @from
        ORDER BY org, retry_key, captured_at, exchange_id
        """;

    public string Places => "SELECT body_segment, count(*) FROM exchanges WHERE body_journal = @journal GROUP BY body_segment ORDER BY body_segment";

    public string Placed => """
        SELECT org::text AS org_id, ingested, exchange_id, body_segment, body_offset, body_sequence
        FROM exchanges
        WHERE org = @Org AND ingested > @After AND ingested <= @UpTo AND body_journal = @journal
        """;

    public bool IsDamage(DbException fault) => fault is PostgresException { SqlState: var state } && state.StartsWith(InternalError, StringComparison.Ordinal);

    public IEnumerable<VerifyFault> OwnFaults(DbConnection connection) => connection
        .Query<(string Child, string Parent, string Matches, string Told)>(Keys).AsList()
        .Select(key => (key.Child, key.Parent, Rows: connection.ExecuteScalar<long>(
            $"SELECT count(*) FROM {key.Child} c WHERE {key.Told} AND NOT EXISTS (SELECT 1 FROM {key.Parent} p WHERE {key.Matches})")))
        .Where(key => key.Rows > 0)
        .Select(key => new VerifyFault(VerifyFaultKind.ForeignKey, key.Child, $"{key.Rows} rows name one of {key.Parent} that is not there"));

    public IEnumerable<object> Pieces(DbConnection connection, string table, int step)
    {
        var (of, key, first, last) = table switch
        {
            "nodes" => ("nodes", "hash", (object)Array.Empty<byte>(), (object)Enumerable.Repeat((byte)0xff, 33).ToArray()),
            "exchanges" => ("exchanges", "ingested", -1L, long.MaxValue),
            _ => ("sessions", "session", Guid.Empty, Guid.AllBitsSet),
        };
        foreach (var org in Owners(connection))
        {
            for (object? after = first; after is not null;)
            {
                var next = connection.ExecuteScalar($"SELECT {key} FROM {of} WHERE org = @org AND {key} > @after ORDER BY {key} OFFSET @step LIMIT 1", new { org, after, step });
                yield return new { Org = org, After = after, UpTo = next ?? last };
                after = next;
            }
        }
    }

    public IReadOnlyList<object> Owners(DbConnection connection) => [.. connection.Query<Guid>("SELECT org FROM orgs ORDER BY org")];

    public IEnumerable<(string OrgId, long Last)> LastCommits(DbConnection connection) => connection.Query<(string, long)>("SELECT org::text, ingested FROM orgs");

    public bool IsToBeErased(DbConnection connection, JournalPosition at) => connection.ExecuteScalar<bool>(
        "SELECT EXISTS (SELECT 1 FROM erasures WHERE journal = @Journal AND segment = @Segment AND \"offset\" = @Offset)", new { at.Journal, at.Segment, at.Offset });
}
