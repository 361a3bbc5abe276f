using System.Data.Common;
using Dapper;

namespace Lethe.Ingest.Reading;

/// <summary>Sessions by what they add up to. Sums of trees are made here: sessions are few beside their calls, and a row of each is light.</summary>
internal static class SessionRanking
{
    /// <param name="conditions">Of the sessions that are listed; the filter's limit and place are applied behind them.</param>
    public static IReadOnlyList<Guid> Of(IReadConnections connections, DbConnection db, object owner, string conditions, SessionFilter filter)
    {
        var listed = db.Query<ListedRow>($"SELECT session_id FROM session_records WHERE org = @owner{conditions}", SessionQueries.Parameters(connections, owner, filter)).Select(row => row.SessionId).ToList();
        var sums = Sums(db, owner, filter.RootsAlone);
        var ranked = listed.Select(id => (Key: SessionCursor.KeyOf(sums[id], filter.Sort), Id: id.ToString("D")));
        if (filter.After is { } after)
        {
            ranked = ranked.Where(one => (filter.IsSmallestFirst ? one.Key > after.Key : one.Key < after.Key) || (one.Key == after.Key && string.CompareOrdinal(one.Id, after.SessionId) > 0));
        }

        var byKey = filter.IsSmallestFirst ? ranked.OrderBy(one => one.Key) : ranked.OrderByDescending(one => one.Key);
        var ordered = byKey.ThenBy(one => one.Id, StringComparer.Ordinal).Select(one => Guid.Parse(one.Id));
        return [.. filter.Limit is { } limit ? ordered.Take(limit) : ordered];
    }

    private static Dictionary<Guid, SessionCounters> Sums(DbConnection db, object owner, bool ofTrees)
    {
        var rows = db.Query<SumRow, SessionCounters, (SumRow Row, SessionCounters Counters)>(
            "SELECT session_id, parent_session_id, turns, input, cache_read, cache_write_5m, cache_write_1h, cost_nano_usd FROM session_records WHERE org = @owner",
            static (row, counters) => (row, counters),
            new { owner },
            splitOn: "turns").ToDictionary(one => one.Row.SessionId);
        if (!ofTrees)
        {
            return rows.ToDictionary(one => one.Key, one => one.Value.Counters);
        }

        return rows.Values.GroupBy(one => Root(one.Row)).ToDictionary(tree => tree.Key, tree => SessionCounters.Sum(tree.Select(one => one.Counters)));

        Guid Root(SumRow row)
        {
            // Parents never form a circle in the store.
            while (row.ParentSessionId is { } parent && rows.TryGetValue(parent, out var above))
            {
                row = above.Row;
            }

            return row.SessionId;
        }
    }

    private sealed class ListedRow
    {
        public Guid SessionId { get; init; }
    }

    private sealed class SumRow
    {
        public Guid SessionId { get; init; }
        public Guid? ParentSessionId { get; init; }
    }
}
