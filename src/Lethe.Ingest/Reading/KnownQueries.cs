using Dapper;

namespace Lethe.Ingest.Reading;

/// <summary>Of some deliveries those that need not be stored again: by their keys, and by the ids of answers that a session has.</summary>
public sealed record KnownDeliveries(IReadOnlySet<string> Keys, IReadOnlySet<string> AnswerIds);

/// <summary>Where an exchange was stored: under which key, in which session, and as which of its turns; null for no session, and for what is no turn.</summary>
public sealed record StoredPlace(string CommitKey, string? SessionId, int? TurnSeq);

/// <summary>What need not be stored again, and where it is.</summary>
internal static class KnownQueries
{
    private const int AtOnce = 500;

    public static KnownDeliveries Of(IReadConnections connections, string org, IReadOnlyList<string> keys, IReadOnlyList<string> answerIds)
    {
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return new KnownDeliveries(new HashSet<string>(), new HashSet<string>());
        }

        HashSet<string> Found(string query, object parameters) => [.. connection.Db.Query<string>(query, parameters)];
        return new KnownDeliveries(
            Found($"SELECT commit_key FROM receipts WHERE org = @owner AND {connections.IsAmong("commit_key", "keys")}", new { owner, keys }),
            answerIds.Count == 0
                ? []
                : Found($"SELECT response_id FROM responses WHERE org = @owner AND {connections.IsAmong("response_id", "answerIds")} AND session IS NOT NULL", new { owner, answerIds }));
    }

    public static string? ContentHash(IReadConnections connections, string org, string key)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner
            && connection.Db.QueryFirstOrDefault<byte[]>("SELECT content_hash FROM receipts WHERE org = @owner AND commit_key = @key", new { owner, key }) is { } hash
                ? Convert.ToHexStringLower(hash)
                : null;
    }

    public static StoredPlace? Place(IReadConnections connections, string org, Guid id)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner
            && connection.Db.QueryFirstOrDefault<PlaceRow>("SELECT commit_key, session_id, seq FROM exchange_records WHERE org = @owner AND exchange_id = @id", new { owner, id = connections.ExchangeId(id) }) is { } row
                ? new StoredPlace(row.CommitKey, row.SessionId?.ToString("D"), (int?)row.Seq)
                : null;
    }

    private sealed class PlaceRow
    {
        public string CommitKey { get; init; } = "";

        public Guid? SessionId { get; init; }

        public long? Seq { get; init; }
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
