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

        return found
            .Where(call => call.AskedBy is { } by && asked.Contains(by))
            .DistinctBy(call => call.CallId)
            .OrderBy(call => call.CallId, StringComparer.Ordinal)
            .ToLookup(call => call.AskedBy!.Value, call => call.ToOutcome());
    }

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
        public long? AnsweredAt { get; init; }
        public Guid? AnsweredBy { get; init; }

        public ToolCallOutcome ToOutcome() => new(
            CallId,
            Name,
            Arguments,
            IsError is { } error ? error != 0 : null,
            AskedBy?.ToString("D"),
            AnsweredBy?.ToString("D"),
            Time(AskedAt),
            Time(AnsweredAt));

        private static DateTimeOffset? Time(long? at) => at is { } known ? Microseconds.ToTime(known) : null;
    }
}
