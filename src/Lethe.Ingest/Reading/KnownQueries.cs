using Dapper;

namespace Lethe.Ingest.Reading;

/// <summary>What need not be stored again.</summary>
internal static class KnownQueries
{
    public static bool IsKnown(IReadConnections connections, string org, string commitKey, string? answerId)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner && connection.Db.QueryFirstOrDefault<long?>(
            """
            SELECT 1 FROM receipts WHERE org = @owner AND commit_key = @commitKey
            UNION ALL
            SELECT 1 FROM responses WHERE org = @owner AND response_id = @answerId AND session IS NOT NULL
            LIMIT 1
            """,
            new { owner, commitKey, answerId = answerId ?? "" }) is not null;
    }
}
