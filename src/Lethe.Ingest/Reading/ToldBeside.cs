using System.Data.Common;
using Dapper;

namespace Lethe.Ingest.Reading;

/// <summary>What other rows tell of an exchange: the outcomes of tools that it brought, and what became of the vendor's cache.</summary>
internal static class ToldBeside
{
    /// <summary>Asked once for all of them.</summary>
    public static List<ExchangeRow> With(this List<ExchangeRow> rows, IReadConnections connections, DbConnection db, object owner, DbTransaction? snapshot = null)
    {
        if (rows.Count == 0)
        {
            return rows;
        }

        var results = ToolResults(rows, connections, db, owner, snapshot);
        var calls = rows.Where(HasCache).ToList();
        var caches = calls.Count == 0 ? [] : new CacheQueries(connections, db, snapshot, owner).Of(calls);
        foreach (var row in rows)
        {
            row.ToolResults = [.. results[row.ExchangeId]];
            row.Cache = caches.GetValueOrDefault(row.ExchangeId);
        }

        return rows;
    }

    private static bool HasCache(ExchangeRow row) => row is { Operation: "chat" or "completion", UsageFinal: not null } && (row.Input ?? row.CacheRead) is not null;

    private static ILookup<Guid, ToolResultRecord> ToolResults(List<ExchangeRow> rows, IReadConnections connections, DbConnection db, object owner, DbTransaction? snapshot)
    {
        var parameters = new DynamicParameters();
        parameters.Add("owner", owner);
        parameters.Add("ids", connections.ExchangeIds(rows.Select(row => row.ExchangeId)));
        return db.Query<OutcomeRow>(
            $"SELECT * FROM tool_outcomes WHERE {connections.Unsought("org")} = @owner AND {connections.IsAmong("answered_by", "ids")}", parameters, snapshot)
            .OrderBy(outcome => outcome.CallId, StringComparer.Ordinal)
            .ToLookup(outcome => outcome.AnsweredBy, outcome => outcome.ToRecord());
    }

    private sealed class OutcomeRow
    {
        public string CallId { get; init; } = "";
        public long? IsError { get; init; }
        public long? IsCancelled { get; init; }
        public long AnsweredAt { get; init; }
        public Guid AnsweredBy { get; init; }
        public long? AskedUntil { get; init; }

        public ToolResultRecord ToRecord() => new(CallId, ToolStatus.Of(IsError, IsCancelled), ToolStatus.Latency(AskedUntil, AnsweredAt));
    }
}
