using System.Data.Common;
using Dapper;

namespace Lethe.Ingest.Reading;

/// <summary>How many root sessions there are of each kind.</summary>
internal static class FacetQueries
{
    /// <summary>Of each kind; the rest is seldom.</summary>
    private const int ValuesMax = 200;

    public static SessionFacets Of(IReadConnections connections, string org, SessionFilter filter)
    {
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return new SessionFacets(0, [], [], []);
        }

        var roots = "org = @owner AND parent_session_id IS NULL"
            + (filter.Since is null ? "" : " AND activity >= @since")
            + (filter.Until is null ? "" : " AND activity >= 0 AND activity < @until");
        var parameters = SessionQueries.Parameters(connections, owner, filter);
        return new SessionFacets(
            connection.Db.ExecuteScalar<long>($"SELECT count(*) FROM session_records WHERE {roots}", parameters),
            Values(connection.Db, $"SELECT harness_id AS value, count(*) AS count FROM session_records WHERE {roots} GROUP BY harness_id", parameters),
            Values(connection.Db, $"SELECT cwd AS value, count(*) AS count FROM session_records WHERE {roots} AND cwd IS NOT NULL GROUP BY cwd", parameters),
            Values(
                connection.Db,
                $"SELECT model AS value, count(DISTINCT session_id) AS count FROM session_models WHERE org = @owner AND session_id IN (SELECT session_id FROM session_records WHERE {roots}) GROUP BY model",
                parameters));
    }

    private static List<Facet> Values(DbConnection db, string sql, object parameters) =>
        [.. db.Query<FacetRow>($"{sql} ORDER BY 2 DESC, 1 LIMIT {ValuesMax}", parameters).Select(row => new Facet(row.Value, row.Count))];

    private sealed class FacetRow
    {
        public string Value { get; init; } = "";
        public long Count { get; init; }
    }
}
