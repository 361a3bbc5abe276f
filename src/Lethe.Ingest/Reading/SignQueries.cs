using System.Data.Common;
using System.Text;
using Dapper;

namespace Lethe.Ingest.Reading;

/// <summary>What went wrong in sessions, out of what their calls and tools left.</summary>
internal static class SignQueries
{
    private const int SessionsAtOnceMax = 500;

    /// <summary>Calls of one page of sessions whose caches are looked at; more are told to be no fewer.</summary>
    private const int LostMax = 500;

    public static IReadOnlyDictionary<string, SessionSigns> Of(IReadConnections connections, string org, IReadOnlyCollection<SessionSummary> sessions)
    {
        using var connection = connections.Open();
        var signs = new Dictionary<string, SessionSigns>(StringComparer.Ordinal);
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return signs;
        }

        foreach (var some in sessions.Where(session => !session.IsPlaceholder).Chunk(SessionsAtOnceMax))
        {
            var asked = new Asked(connections, connection.Db, owner);
            var failures = asked.Query<FailureRow>("SELECT session_id, outcome, count(*) AS count FROM session_failures WHERE {0} GROUP BY session_id, outcome", some).ToLookup(row => row.SessionId);
            var tools = asked.Query<FailureRow>("SELECT session_id, count(*) AS count FROM session_tools WHERE {0} AND is_error = 1 GROUP BY session_id", some).ToDictionary(row => row.SessionId, row => row.Count);
            var titles = asked.Query<TitleRow>("SELECT session_id, reply_text FROM session_titles WHERE {0} ORDER BY captured_at, exchange_id", some).ToLookup(row => row.SessionId);
            var calls = asked.Query<CallRow>(Calls, some).ToLookup(row => row.SessionId);
            var lost = Lost(asked, [.. some.Where(session => session.Counters.CacheRead > 0 || session.Counters.CacheWrite5m > 0 || session.Counters.CacheWrite1h > 0)], calls);
            foreach (var session in some)
            {
                var id = Guid.Parse(session.SessionId);
                var last = calls[id].FirstOrDefault(call => call.Place == 1);
                signs[session.SessionId] = new SessionSigns
                {
                    Refused = Count(failures[id], "upstream_error", "no_response"),
                    Cut = Count(failures[id], "incomplete", "client_aborted", "upstream_aborted"),
                    FailedTools = tools.GetValueOrDefault(id),
                    Rebuilt = lost.GetValueOrDefault(id),
                    EndsFailed = last is { IsTurn: 0, Outcome: not ("not_decoded" or "completed") },
                    EndsSaid = last is { IsTurn: 1, AsksTools: 0 },
                    TitleReply = titles[id].LastOrDefault()?.ReplyText is { } reply ? Encoding.UTF8.GetString(reply) : null,
                };
            }
        }

        return signs;
    }

    public static IReadOnlyList<AskedTool> AskedTools(IReadConnections connections, string org, IReadOnlyCollection<string> sessions)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is not { } owner || sessions.Count == 0 ? [] :
        [
            .. new Asked(connections, connection.Db, owner)
                .Query<ToolRow>("SELECT session_id, call_id, name, arguments, asked_by FROM session_tools WHERE {0} AND asked_by IS NOT NULL AND arguments IS NOT NULL ORDER BY asked_at, call_id", sessions)
                .Select(row => new AskedTool(row.SessionId.ToString("D"), row.CallId, row.Name, row.Arguments, row.AskedBy.ToString("D"))),
        ];
    }

    // The last of what the session is about, and the calls that read less than nine tenths of what one before it had left; whether that was lost is the verdict's.
    private const string Calls = """
        SELECT session_id, exchange_id, captured_at, is_turn, outcome, asks_tools, place, is_less FROM (
          SELECT session_id, exchange_id, captured_at, is_turn, outcome, CASE WHEN reply_tools IS NULL OR reply_tools = '[]' THEN 0 ELSE 1 END AS asks_tools,
                 row_number() OVER (
                   PARTITION BY session_id
                   ORDER BY CASE WHEN coalesce(request_kind, 'main') IN ('main', 'sub_agent') THEN 0 ELSE 1 END, captured_at DESC, exchange_id DESC) AS place,
                 CASE WHEN is_turn = 1 AND cache_read * 10 < 9 * coalesce(max(cache_read + CASE cache_write WHEN 0 THEN input ELSE cache_write END) OVER (
                   PARTITION BY session_id ORDER BY captured_at, exchange_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) THEN 1 ELSE 0 END AS is_less
          FROM session_calls
          WHERE {0}) calls
        WHERE place = 1 OR is_less = 1
        ORDER BY captured_at DESC, exchange_id DESC
        """;

    private static Dictionary<Guid, long> Lost(Asked asked, SessionSummary[] cached, ILookup<Guid, CallRow> calls)
    {
        var suspected = cached.SelectMany(session => calls[Guid.Parse(session.SessionId)]).Where(call => call.IsLess == 1).Take(LostMax).ToList();
        if (suspected.Count == 0)
        {
            return [];
        }

        var verdicts = new CacheQueries(asked.Connections, asked.Db, null, asked.Owner).Of([.. suspected.Select(call => new ExchangeRow { ExchangeId = call.ExchangeId, CapturedAt = call.CapturedAt })]);
        return suspected
            .Where(call => verdicts.GetValueOrDefault(call.ExchangeId) is { Verdict: "rebuilt" or "expired", LostTokens: > 0 })
            .GroupBy(call => call.SessionId)
            .ToDictionary(calls => calls.Key, calls => (long)calls.Count());
    }

    private static long Count(IEnumerable<FailureRow> rows, params string[] outcomes) => rows.Where(row => outcomes.Contains(row.Outcome)).Sum(row => row.Count);

    /// <summary>A query of which the first condition names the sessions.</summary>
    private sealed record Asked(IReadConnections Connections, DbConnection Db, object Owner)
    {
        public List<T> Query<T>(string sql, IEnumerable<SessionSummary> sessions) => Query<T>(sql, sessions.Select(session => session.SessionId));

        public List<T> Query<T>(string sql, IEnumerable<string> sessions)
        {
            var parameters = new DynamicParameters();
            parameters.Add("owner", Owner);
            parameters.Add("ids", Connections.SessionIds(sessions.Select(Guid.Parse)));
            return Db.Query<T>(sql.Replace("{0}", $"org = @owner AND {Connections.IsAmong("session_id", "ids")}", StringComparison.Ordinal), parameters).AsList();
        }
    }

    private sealed class FailureRow
    {
        public Guid SessionId { get; init; }
        public string Outcome { get; init; } = "";
        public long Count { get; init; }
    }

    private sealed class TitleRow
    {
        public Guid SessionId { get; init; }
        public byte[]? ReplyText { get; init; }
    }

    private sealed class CallRow
    {
        public Guid SessionId { get; init; }
        public Guid ExchangeId { get; init; }
        public long CapturedAt { get; init; }
        public long IsTurn { get; init; }
        public string Outcome { get; init; } = "";
        public long AsksTools { get; init; }
        public long Place { get; init; }
        public long IsLess { get; init; }
    }

    private sealed class ToolRow
    {
        public Guid SessionId { get; init; }
        public string CallId { get; init; } = "";
        public string? Name { get; init; }
        public string Arguments { get; init; } = "";
        public Guid AskedBy { get; init; }
    }
}
