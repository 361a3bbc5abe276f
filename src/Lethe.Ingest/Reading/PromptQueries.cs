using Dapper;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>Which system prompts and which tools were sent.</summary>
internal static class PromptQueries
{
    public static IReadOnlyList<PromptUse> Of(IReadConnections connections, string org, PromptPart part, DateTimeOffset? since, string? harnessId)
    {
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return [];
        }

        var column = part == PromptPart.System ? "system_hash" : "tools_hash";
        var conditions = $"org = @owner AND {column} IS NOT NULL" + (since is null ? "" : " AND captured_at >= @since") + (harnessId is null ? "" : " AND harness_id = @harnessId");
        return
        [
            .. connection.Db.Query<UseRow>(
                $"""
                SELECT harness_id, harness_version, {column} AS hash, session_id, count(*) AS calls, min(captured_at) AS first, max(captured_at) AS last
                FROM prompt_uses
                WHERE {conditions}
                GROUP BY harness_id, harness_version, {column}, session_id
                """,
                new { owner, since = since is { } from ? Microseconds.Of(from) : 0, harnessId })
                .GroupBy(row => (row.HarnessId, row.HarnessVersion, Hash: Convert.ToHexStringLower(row.Hash)))
                .Select(rows => new PromptUse(
                    rows.Key.HarnessId,
                    rows.Key.HarnessVersion,
                    rows.Key.Hash,
                    rows.Sum(row => row.Calls),
                    [.. rows.Select(row => row.SessionId?.ToString("D")).OfType<string>().Distinct()],
                    Microseconds.ToTime(rows.Min(row => row.First)),
                    Microseconds.ToTime(rows.Max(row => row.Last))))
                .OrderByDescending(use => use.LastSeenAt).ThenBy(use => use.Hash, StringComparer.Ordinal),
        ];
    }

    private sealed class UseRow
    {
        public string HarnessId { get; init; } = "";
        public string HarnessVersion { get; init; } = "";
        public byte[] Hash { get; init; } = [];
        public Guid? SessionId { get; init; }
        public long Calls { get; init; }
        public long First { get; init; }
        public long Last { get; init; }
    }
}
