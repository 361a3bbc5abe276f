using System.Text;
using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Postgres;

/// <summary>What the search documents hold of a query. https://www.postgresql.org/docs/15/pgtrgm.html</summary>
internal static class PostgresSearch
{
    public static IReadOnlyList<SearchCandidate> Candidates(StoreMoment at, SearchQuery query, SearchFilter filter, int limit)
    {
        // Words are letters and digits alone.
        var words = string.Join(" & ", query.Words.Select(word => $"'{word}'").Concat(query.Beginnings.Select(word => $"'{word}':*")));
        var conditions = new StringBuilder("d.org = @Owner");
        conditions.Append(words.Length > 0 ? " AND d.words @@ @words::tsquery" : "");
        conditions.Append(query.Code.Count > 0 ? " AND d.code LIKE ALL (@code)" : "");
        conditions.Append(filter.After is null ? "" : " AND (d.ingested, d.part) < (@afterIngested, @afterPart)");
        conditions.Append(filter.Parts.Count > 0 ? " AND d.part = ANY (@parts)" : "");
        conditions.Append(filter.SessionId is null ? "" : " AND e.session = @session");
        conditions.Append(filter.HarnessId is null ? "" : " AND e.caller IN (SELECT caller FROM callers WHERE org = @Owner AND harness_id = @HarnessId)");
        conditions.Append(filter.Model is null ? "" : " AND coalesce(e.model_served, e.model_requested) = @Model");
        conditions.Append(filter.Kind is null ? "" : " AND e.request_kind = @Kind");
        conditions.Append(filter.Since is null ? "" : " AND d.captured_at >= @since");
        conditions.Append(filter.Until is null ? "" : " AND d.captured_at < @until");
        var rows = at.Db.Query<(long Ingested, long Part, Guid ExchangeId)>(
            $"""
            SELECT d.ingested, d.part, d.exchange_id
            FROM search_documents d JOIN exchanges e ON e.org = d.org AND e.captured_at = d.captured_at AND e.exchange_id = d.exchange_id
            WHERE {conditions}
            ORDER BY d.ingested DESC, d.part DESC
            LIMIT @limit
            """,
            new
            {
                at.Owner,
                words,
                code = query.Code.Select(Containing).ToArray(),
                limit,
                afterIngested = filter.After?.Ingested ?? 0,
                afterPart = (long)(filter.After?.Part ?? 0),
                parts = filter.Parts.Select(part => (long)part).ToArray(),
                session = Guid.TryParse(filter.SessionId, out var session) ? session : Guid.Empty,
                filter.HarnessId,
                filter.Model,
                filter.Kind,
                since = filter.Since is { } since ? Microseconds.Of(since) : 0,
                until = filter.Until is { } until ? Microseconds.Of(until) : 0,
            },
            at.Snapshot);
        return [.. rows.Select(row => new SearchCandidate(new SearchCursor(row.Ingested, (SearchPart)row.Part), row.ExchangeId))];
    }

    private static string Containing(string code) =>
        $"%{code.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
}
