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
            Status = AnsweredBy is not null ? ToolStatus.Of(IsError, IsCancelled)
                : asking.Seq < lastTurn ? ToolStatus.Orphaned
                : ToolStatus.Pending,
            LatencyMs = ToolStatus.Latency(asking.CapturedAt + asking.DurationUs, AnsweredAt),
            Parallel = parallel,
            ArgumentsSha256 = Arguments is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Arguments))),
        };

        private static DateTimeOffset? Time(long? at) => at is { } known ? Microseconds.ToTime(known) : null;
    }
}
