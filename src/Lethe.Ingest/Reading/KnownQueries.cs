using Dapper;

namespace Lethe.Ingest.Reading;

/// <summary>What need not be stored again.</summary>
internal static class KnownQueries
{
    private const int AtOnce = 500;

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

    public static int CountUnknown(IReadConnections connections, string org, IReadOnlyCollection<Guid> exchanges)
    {
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return exchanges.Count;
        }

        // What no wire door told has a key of its own, and is looked for last.
        string[] places =
        [
            $"SELECT exchange_id FROM exchanges WHERE org = @owner AND {connections.IsAmong("exchange_id", "ids")}",
            $"SELECT exchange_id FROM receipts WHERE org = @owner AND {connections.IsAmong("commit_key", "keys")}",
            $"SELECT exchange_id FROM receipts WHERE org = @owner AND {connections.IsAmong("exchange_id", "ids")}",
        ];
        var unknown = 0;
        foreach (var some in exchanges.Chunk(AtOnce))
        {
            var left = some.ToHashSet();
            foreach (var place in places.TakeWhile(_ => left.Count > 0))
            {
                var parameters = new DynamicParameters();
                parameters.Add("owner", owner);
                parameters.Add("ids", connections.ExchangeIds(left));
                parameters.Add("keys", left.Select(id => id.ToString("D")).ToArray());
                left.ExceptWith(connection.Db.Query<Guid>(place, parameters).AsList());
            }

            unknown += left.Count;
        }

        return unknown;
    }
}
