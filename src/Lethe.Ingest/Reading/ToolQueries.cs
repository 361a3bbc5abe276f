using Dapper;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>How one tool was used.</summary>
internal static class ToolQueries
{
    public static IReadOnlyList<ToolUse> Of(IReadConnections connections, string org, string name, DateTimeOffset? since, string? harnessId, int limit)
    {
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return [];
        }

        var conditions = "t.org = @owner AND t.name = @name AND t.asked_by IS NOT NULL" + (since is null ? "" : " AND t.asked_at >= @since") + (harnessId is null ? "" : " AND s.harness_id = @harnessId");
        return
        [
            .. connection.Db.Query<UseRow>(
                $"""
                SELECT t.call_id, t.session_id, s.harness_id, t.asked_by, t.asked_at, t.is_error, t.is_cancelled, t.answered_by, t.answered_at, o.asked_until
                FROM session_tools t
                JOIN session_records s ON s.org = t.org AND s.session_id = t.session_id
                LEFT JOIN tool_outcomes o ON o.org = t.org AND o.call_id = t.call_id AND o.answered_by = t.answered_by
                WHERE {conditions}
                ORDER BY t.asked_at DESC, t.call_id
                LIMIT @limit
                """,
                new { owner, name, since = since is { } from ? Microseconds.Of(from) : 0, harnessId, limit })
                .Select(row => row.ToUse()),
        ];
    }

    private sealed class UseRow
    {
        public string CallId { get; init; } = "";
        public Guid SessionId { get; init; }
        public string HarnessId { get; init; } = "";
        public Guid AskedBy { get; init; }
        public long AskedAt { get; init; }
        public long? IsError { get; init; }
        public long? IsCancelled { get; init; }
        public Guid? AnsweredBy { get; init; }
        public long? AnsweredAt { get; init; }
        public long? AskedUntil { get; init; }

        public ToolUse ToUse() => new(
            CallId,
            SessionId.ToString("D"),
            HarnessId,
            AskedBy.ToString("D"),
            Microseconds.ToTime(AskedAt),
            AnsweredBy is null ? null : ToolStatus.Of(IsError, IsCancelled),
            AnsweredBy?.ToString("D"),
            ToolStatus.Latency(AskedUntil, AnsweredAt));
    }
}
