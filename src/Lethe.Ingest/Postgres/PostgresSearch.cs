using Dapper;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;

namespace Lethe.Ingest.Postgres;

/// <summary>What the postings hold of a query: run by run, newest first, and of each run term by term as long as anything is left.</summary>
internal static class PostgresSearch
{
    private const int RunsAtOnce = 8;
    private const int TermsAtOnce = 4;

    // The page in which the first one would stand, and those behind it.
    private const string Pages = """
        SELECT r.run, t.place, p.page
        FROM unnest(@runs) r (run)
        CROSS JOIN unnest(@firsts, @ends) WITH ORDINALITY t (first, "end", place)
        CROSS JOIN LATERAL (
          SELECT page FROM search_postings
          WHERE org = @Owner AND run = r.run AND term < t."end"
            AND term >= coalesce((SELECT b.term FROM search_postings b WHERE b.org = @Owner AND b.run = r.run AND b.term <= t.first ORDER BY b.term DESC LIMIT 1), t.first)) p
        """;

    /// <summary>Newest first; runs are read as their documents are taken.</summary>
    public static IEnumerable<long> Documents(StoreMoment at, SearchQuery query, long first, long last)
    {
        var terms = SearchedTerm.Of(query);
        var runs = at.Db.Query<long>("SELECT run FROM search_runs WHERE org = @Owner AND run <= @last AND last >= @first ORDER BY run DESC", new { at.Owner, first, last }, at.Snapshot);
        return runs.Chunk(RunsAtOnce).SelectMany(some => Documents(at, terms, some)).SkipWhile(document => document > last).TakeWhile(document => document >= first);
    }

    private static IEnumerable<long> Documents(StoreMoment at, IReadOnlyList<SearchedTerm> terms, long[] runs)
    {
        var left = new Dictionary<long, IReadOnlyList<long>>();
        foreach (var some in terms.Chunk(TermsAtOnce))
        {
            var pages = at.Db.Query<(long Run, long Place, byte[] Page)>(
                Pages,
                new { at.Owner, runs, firsts = some.Select(term => term.First).ToArray(), ends = some.Select(term => term.End).ToArray() },
                at.Snapshot).ToLookup(page => (page.Run, page.Place), page => page.Page);
            foreach (var run in runs)
            {
                for (var i = 0; i < some.Length && !(left.TryGetValue(run, out var known) && known.Count == 0); i++)
                {
                    var having = Having(pages[(run, i + 1)], run, some[i]);
                    left[run] = known is null ? having : InBoth(known, having);
                }
            }

            runs = [.. runs.Where(run => left[run].Count > 0)];
            if (runs.Length == 0)
            {
                break;
            }
        }

        return runs.SelectMany(run => left[run].Reverse());
    }

    private static IReadOnlyList<long> Having(IEnumerable<byte[]> pages, long run, SearchedTerm term)
    {
        var lists = pages.SelectMany(page => PostingPage.Find(page, run, term)).ToList();
        return lists.Count == 1 ? lists[0] : [.. lists.SelectMany(list => list).Distinct().Order()];
    }

    private static List<long> InBoth(IReadOnlyList<long> one, IReadOnlyList<long> other)
    {
        var both = new List<long>(Math.Min(one.Count, other.Count));
        for (var (i, k) = (0, 0); i < one.Count && k < other.Count;)
        {
            var order = one[i].CompareTo(other[k]);
            if (order == 0)
            {
                both.Add(one[i]);
            }

            (i, k) = (order <= 0 ? i + 1 : i, order >= 0 ? k + 1 : k);
        }

        return both;
    }
}
