using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>The tools that exchanges of a session asked for, with what became of them.</summary>
internal static class SessionTools
{
    private const string Select = "SELECT * FROM session_tools WHERE org = @Owner AND session_id = @Session AND ";

    /// <summary>By the exchange that asked, in the order of the calls' ids.</summary>
    public static ILookup<Guid, ToolCallOutcome> Of(SessionPlace at, List<ExchangeRow> exchanges)
    {
        var asked = exchanges.Select(row => row.ExchangeId).ToHashSet();
        var found = new List<ToolCallRow>();
        var calls = exchanges.SelectMany(Calls).Distinct(StringComparer.Ordinal).ToArray();
        if (calls.Length > 0)
        {
            found.AddRange(at.Db.Query<ToolCallRow>(Select + at.Connections.IsAmong("call_id", "calls"), new { at.Owner, at.Session, calls }, at.Snapshot));
        }

        // The replies whose words are gone do not name their calls any more.
        var wordless = exchanges.Where(row => row.Content is "expired" or "erased").Select(row => row.ExchangeId).ToList();
        if (wordless.Count > 0)
        {
            found.AddRange(at.Db.Query<ToolCallRow>(Select + at.Connections.IsAmong("asked_by", "ids"), Wordless(at, wordless), at.Snapshot));
        }

        var asking = exchanges.ToDictionary(row => row.ExchangeId);
        var last = LastTurn(at);
        return found
            .Where(call => call.AskedBy is { } by && asked.Contains(by))
            .DistinctBy(call => call.CallId)
            .OrderBy(call => call.CallId, StringComparer.Ordinal)
            .GroupBy(call => call.AskedBy!.Value)
            .SelectMany(calls => calls.Select(call => (Asked: calls.Key, Outcome: call.ToOutcome(asking[calls.Key], calls.Count(), last))))
            .ToLookup(call => call.Asked, call => call.Outcome);
    }

    /// <summary>A session's tool calls that stand so, in the order in which they were asked for, from behind one on.</summary>
    /// <param name="statuses">Words of <see cref="ToolStatus"/>; none for all.</param>
    public static (IReadOnlyList<ToolCallOutcome> Calls, ToolCallCursor? Next) Page(
        IReadConnections connections, string org, Guid session, IReadOnlyCollection<string> statuses, ToolCallCursor? after, int limit)
    {
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return ([], null);
        }

        using var snapshot = connections.BeginSnapshot(connection.Db);
        var at = new SessionPlace(connections, connection.Db, snapshot, owner, connections.SessionId(session));
        var last = LastTurn(at);
        var turns = at.Db.Query<TurnRow>("SELECT exchange_id, seq FROM session_turns WHERE org = @Owner AND session_id = @Session", new { at.Owner, at.Session }, at.Snapshot)
            .ToDictionary(turn => turn.ExchangeId, turn => turn.Seq);
        var all = at.Db.Query<ToolCallRow>(
            "SELECT call_id, asked_at, asked_by, is_error, is_cancelled, answered_by FROM session_tools WHERE org = @Owner AND session_id = @Session AND asked_by IS NOT NULL AND asked_at >= @from",
            new { at.Owner, at.Session, from = after?.AskedAtMicroseconds ?? 0 },
            at.Snapshot).AsList();
        var parallel = all.CountBy(call => call.AskedBy!.Value).ToDictionary();
        var found = all
            .Where(call => statuses.Count == 0 || statuses.Contains(call.Status(turns.TryGetValue(call.AskedBy!.Value, out var seq) ? seq : null, last)))
            .OrderBy(call => call.AskedAt)
            .ThenBy(call => call.CallId, StringComparer.Ordinal)
            .SkipWhile(call => after is { } passed && call.AskedAt == passed.AskedAtMicroseconds && string.CompareOrdinal(call.CallId, passed.CallId) <= 0)
            .Take(limit + 1)
            .ToList();
        var page = found.Take(limit).ToList();
        if (page.Count == 0)
        {
            return ([], null);
        }

        var asking = Asking(at, page);
        var calls = at.Db.Query<ToolCallRow>(Select + connections.IsAmong("call_id", "calls"), new { at.Owner, at.Session, calls = page.Select(call => call.CallId).ToArray() }, at.Snapshot)
            .ToDictionary(call => call.CallId, StringComparer.Ordinal);
        return (
            [.. page.Where(call => asking.ContainsKey(call.AskedBy!.Value)).Select(call => calls[call.CallId].ToOutcome(asking[call.AskedBy!.Value], parallel[call.AskedBy.Value], last))],
            found.Count > limit ? new ToolCallCursor(page[^1].AskedAt!.Value, page[^1].CallId) : null);
    }

    private static Dictionary<Guid, ExchangeRow> Asking(SessionPlace at, List<ToolCallRow> calls)
    {
        var parameters = new DynamicParameters(new { at.Owner, at.Session, from = calls[0].AskedAt, until = calls[^1].AskedAt });
        parameters.Add("ids", at.Connections.ExchangeIds(calls.Select(call => call.AskedBy!.Value).Distinct()));
        return at.Db.Query<ExchangeRow>(
            $"{ExchangeRow.Select}WHERE {at.Connections.Unsought("org")} = @Owner AND session_id = @Session AND captured_at >= @from AND captured_at <= @until AND {at.Connections.IsAmong("exchange_id", "ids")}",
            parameters,
            at.Snapshot).ToDictionary(row => row.ExchangeId);
    }

    private static long LastTurn(SessionPlace at) => at.Db.ExecuteScalar<long?>(
        "SELECT turns FROM session_records WHERE org = @Owner AND session_id = @Session", new { at.Owner, at.Session }, at.Snapshot) ?? 0;

    // Values of a type that only the store knows.
    private static DynamicParameters Wordless(SessionPlace at, IEnumerable<Guid> exchanges)
    {
        var parameters = new DynamicParameters(new { at.Owner, at.Session });
        parameters.Add("ids", at.Connections.ExchangeIds(exchanges));
        return parameters;
    }

    private static IEnumerable<string> Calls(ExchangeRow row) =>
        row.ReplyTools is null ? [] : JsonSerializer.Deserialize(row.ReplyTools, ExchangeRecordJson.Default.IReadOnlyListToolCallRecord)!.Select(call => call.Id).OfType<string>();

    private sealed class TurnRow
    {
        public Guid ExchangeId { get; init; }
        public long Seq { get; init; }
    }

    private sealed class ToolCallRow
    {
        public string CallId { get; init; } = "";
        public string? Name { get; init; }
        public string? Arguments { get; init; }
        public long? AskedAt { get; init; }
        public Guid? AskedBy { get; init; }
        public long? IsError { get; init; }
        public long? IsCancelled { get; init; }
        public long? AnsweredAt { get; init; }
        public Guid? AnsweredBy { get; init; }

        /// <param name="parallel">How many calls the same answer asked for.</param>
        /// <param name="lastTurn">The number of the session's last turn.</param>
        public ToolCallOutcome ToOutcome(ExchangeRow asking, int parallel, long lastTurn) => new(
            CallId,
            Name,
            Arguments,
            IsError is { } error ? error != 0 : null,
            AskedBy?.ToString("D"),
            AnsweredBy?.ToString("D"),
            Time(AskedAt),
            Time(AnsweredAt))
        {
            Status = Status(asking.Seq, lastTurn),
            LatencyMs = ToolStatus.Latency(asking.CapturedAt + asking.DurationUs, AnsweredAt),
            Parallel = parallel,
            ArgumentsSha256 = Arguments is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Arguments))),
        };

        /// <param name="askedIn">The number of the turn that asked; null where it is none.</param>
        public string Status(long? askedIn, long lastTurn) => AnsweredBy is not null ? ToolStatus.Of(IsError, IsCancelled)
            : askedIn < lastTurn ? ToolStatus.Orphaned
            : ToolStatus.Pending;

        private static DateTimeOffset? Time(long? at) => at is { } known ? Microseconds.ToTime(known) : null;
    }
}
