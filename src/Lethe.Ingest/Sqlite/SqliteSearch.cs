using Dapper;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Sqlite;

/// <summary>What the full-text tables hold of a query. https://www.sqlite.org/fts5.html</summary>
internal static class SqliteSearch
{
    /// <summary>Newest first; each row of a table is looked up as it is taken.</summary>
    public static IEnumerable<long> Documents(StoreMoment at, SearchQuery query, long first, long last)
    {
        var (words, code) = (Words(query), Trigrams(query));
        if (words.Length == 0 || code.Length == 0)
        {
            return words.Length > 0 ? Rows(at, "search_words", words, first, last) : Rows(at, "search_code", code, first, last);
        }

        return InBoth(Rows(at, "search_words", words, first, last), Rows(at, "search_code", code, first, last));
    }

    private static IEnumerable<long> Rows(StoreMoment at, string table, string match, long first, long last) => at.Db.Query<long>(
        $"SELECT rowid FROM {table} WHERE {table} MATCH @match AND rowid BETWEEN @first AND @last ORDER BY rowid DESC", new { match, first, last }, at.Snapshot, buffered: false);

    private static IEnumerable<long> InBoth(IEnumerable<long> ones, IEnumerable<long> others)
    {
        using var one = ones.GetEnumerator();
        using var other = others.GetEnumerator();
        for (var (hasOne, hasOther) = (one.MoveNext(), other.MoveNext()); hasOne && hasOther;)
        {
            if (one.Current == other.Current)
            {
                yield return one.Current;
            }

            var isNewer = one.Current >= other.Current;
            hasOther = one.Current <= other.Current ? other.MoveNext() : hasOther;
            hasOne = isNewer ? one.MoveNext() : hasOne;
        }
    }

    private static string Words(SearchQuery query) =>
        string.Join(" AND ", query.Words.Select(word => $"\"{word}\"").Concat(query.Beginnings.Select(word => $"\"{word}\" *")));

    private static string Trigrams(SearchQuery query) => string.Join(
        " AND ",
        SearchTokens.TellingTrigramsOf(query).Select(trigram => '"' + trigram.Replace("\"", "\"\"", StringComparison.Ordinal) + '"'));
}
