using System.Text;
using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Sqlite;

/// <summary>What the full-text tables hold of a query. https://www.sqlite.org/fts5.html</summary>
internal static class SqliteSearch
{
    /// <summary>Exchanges times this, and the part, number the documents.</summary>
    public const int PartCount = 4;

    /// <summary>More of them tell nothing more apart.</summary>
    private const int TrigramsMax = 40;

    public static IReadOnlyList<SearchCandidate> Candidates(StoreMoment at, SearchQuery query, SearchFilter filter, int limit)
    {
        var (words, code) = (Words(query), Trigrams(query));
        // One table leads, and gives its documents in order; the other one is asked which it has.
        var from = words.Length > 0
            ? $"(SELECT rowid AS document FROM search_words WHERE search_words MATCH @words AND rowid < @before{(code.Length > 0 ? " AND rowid IN (SELECT rowid FROM search_code WHERE search_code MATCH @code)" : "")} ORDER BY rowid DESC)"
            : "(SELECT rowid AS document FROM search_code WHERE search_code MATCH @code AND rowid < @before ORDER BY rowid DESC)";
        var conditions = new StringBuilder("e.org = @Owner");
        conditions.Append(filter.Parts.Count > 0 ? $" AND d.document % {PartCount} IN @parts" : "");
        conditions.Append(filter.SessionId is null ? "" : " AND e.session = (SELECT session FROM sessions WHERE session_id = @session)");
        conditions.Append(filter.HarnessId is null ? "" : " AND e.caller IN (SELECT caller FROM callers WHERE harness_id = @HarnessId)");
        conditions.Append(filter.Model is null ? "" : " AND coalesce(e.model_served, e.model_requested) = @Model");
        conditions.Append(filter.Kind is null ? "" : " AND e.request_kind = @Kind");
        conditions.Append(filter.Since is null ? "" : " AND e.captured_at >= @since");
        conditions.Append(filter.Until is null ? "" : " AND e.captured_at < @until");
        var rows = at.Db.Query<(long Document, byte[] ExchangeId)>(
            $"""
            SELECT d.document, e.exchange_id
            FROM {from} d CROSS JOIN exchanges e ON e.ingested = d.document / {PartCount}
            WHERE {conditions}
            ORDER BY d.document DESC
            LIMIT @limit
            """,
            new
            {
                at.Owner,
                words,
                code,
                limit,
                before = filter.After is { } after ? Document(after.Ingested, after.Part) : long.MaxValue,
                parts = filter.Parts.Select(part => (long)part).ToArray(),
                session = filter.SessionId,
                filter.HarnessId,
                filter.Model,
                filter.Kind,
                since = filter.Since is { } since ? Microseconds.Of(since) : 0,
                until = filter.Until is { } until ? Microseconds.Of(until) : 0,
            },
            at.Snapshot);
        return [.. rows.Select(row => new SearchCandidate(new SearchCursor(row.Document / PartCount, (SearchPart)(row.Document % PartCount)), new Guid(row.ExchangeId, bigEndian: true)))];
    }

    public static long Document(long ingested, SearchPart part) => (ingested * PartCount) + (long)part;

    private static string Words(SearchQuery query) =>
        string.Join(" AND ", query.Words.Select(word => $"\"{word}\"").Concat(query.Beginnings.Select(word => $"\"{word}\" *")));

    private static string Trigrams(SearchQuery query)
    {
        var trigrams = new HashSet<string>(StringComparer.Ordinal);
        foreach (var code in query.Code)
        {
            var runes = code.EnumerateRunes().ToArray();
            for (var i = 0; i + 3 <= runes.Length && trigrams.Count < TrigramsMax; i++)
            {
                trigrams.Add(string.Concat(runes[i], runes[i + 1], runes[i + 2]));
            }
        }

        return string.Join(" AND ", trigrams.Select(trigram => '"' + trigram.Replace("\"", "\"\"", StringComparison.Ordinal) + '"'));
    }
}
