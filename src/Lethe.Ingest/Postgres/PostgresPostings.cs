using System.Numerics;
using System.Runtime.InteropServices;
using Dapper;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;
using Npgsql;
using NpgsqlTypes;

namespace Lethe.Ingest.Postgres;

/// <summary>
/// Writes runs of postings. A new run is as short as what came with it; sixteen of a size are merged into one, so that each posting is written four or five
/// times in all, and a search of any store asks few runs. Takes part in the caller's transaction.
/// </summary>
internal sealed class PostgresPostings(NpgsqlConnection connection, Guid org)
{
    private const int MergedAtOnce = 16;

    /// <summary>A run of so many exchanges is merged no more: what goes out of it costs no more than that to write anew.</summary>
    private const long ExchangesMax = 16_384;

    /// <summary>Documents come in order.</summary>
    public void Add(IReadOnlyCollection<SearchDocument> documents)
    {
        if (documents.Count > 0)
        {
            Write(documents.First().Number, documents.Last().Number, Gathered(documents));
            Merge();
        }
    }

    /// <summary>Takes out all that these exchanges were found by.</summary>
    public void TakeOut(IReadOnlyCollection<long> exchanges)
    {
        var going = exchanges.ToHashSet();
        foreach (var run in exchanges.Count == 0 ? [] : Runs("run <= @last AND last >= @first", exchanges.Min(), exchanges.Max() + 1))
        {
            if (exchanges.Any(one => one >= SearchCursor.OfDocument(run.Run).Ingested && one <= SearchCursor.OfDocument(run.Last).Ingested))
            {
                TakeOut(run.Run, going);
            }
        }
    }

    private void TakeOut(long run, HashSet<long> going)
    {
        var changed = new List<(byte[] First, List<Posting> Left)>();
        foreach (var (term, page) in PagesOf(run))
        {
            var postings = PostingPage.Read(page, run).ToList();
            if (postings.Exists(posting => posting.Documents.Any(IsGoing)))
            {
                changed.Add((term, [.. postings
                    .Select(posting => posting with { Documents = posting.Documents.Where(document => !IsGoing(document)).ToList() })
                    .Where(posting => posting.Documents.Count > 0)]));
            }
        }

        connection.Execute("DELETE FROM search_postings WHERE org = @org AND run = @run AND term = ANY (@terms)", new { org, run, terms = changed.Select(page => page.First).ToArray() });
        Copy(run, changed.SelectMany(page => PostingPage.Write(page.Left, run)));
        bool IsGoing(long document) => going.Contains(SearchCursor.OfDocument(document).Ingested);
    }

    // The newest, when they are as many or as much as one may be made of, and what that makes of them again.
    private void Merge()
    {
        while (true)
        {
            var newest = Runs($"true ORDER BY run DESC LIMIT {4 * MergedAtOnce}", 0, 0);
            var alike = newest.TakeWhile(run => run.Size < ExchangesMax && run.Level <= newest[0].Level).ToList();
            if (alike.Count < 2 || (alike.Count < MergedAtOnce && alike.Sum(run => run.Size) < ExchangesMax))
            {
                return;
            }

            alike.Reverse();
            var pages = alike.ConvertAll(run => PagesOf(run.Run));
            connection.Execute("DELETE FROM search_runs WHERE org = @org AND run = ANY (@runs)", new { org, runs = alike.Select(run => run.Run).ToArray() });
            Write(alike[0].Run, alike[^1].Last, Merged(alike.Zip(pages, (run, own) => own.SelectMany(page => PostingPage.Read(page.Page, run.Run)))));
        }
    }

    private List<StoredRun> Runs(string condition, long first, long last) => connection.Query<StoredRun>(
        $"SELECT run, last FROM search_runs WHERE org = @org AND {condition}",
        new { org, first = new SearchCursor(first, 0).Document, last = new SearchCursor(last, 0).Document }).AsList();

    private List<(byte[] Term, byte[] Page)> PagesOf(long run) =>
        connection.Query<(byte[], byte[])>("SELECT term, page FROM search_postings WHERE org = @org AND run = @run ORDER BY term", new { org, run }).AsList();

    private void Write(long run, long last, IEnumerable<Posting> postings)
    {
        connection.Execute("INSERT INTO search_runs (org, run, last) VALUES (@org, @run, @last)", new { org, run, last });
        Copy(run, PostingPage.Write(postings, run));
    }

    private void Copy(long run, IEnumerable<(byte[] First, byte[] Page)> pages)
    {
        using var copy = connection.BeginBinaryImport("COPY search_postings (org, run, term, page) FROM STDIN (FORMAT BINARY)");
        foreach (var (first, page) in pages)
        {
            copy.StartRow();
            copy.Write(org, NpgsqlDbType.Uuid);
            copy.Write(run, NpgsqlDbType.Bigint);
            copy.Write(first, NpgsqlDbType.Bytea);
            copy.Write(page, NpgsqlDbType.Bytea);
        }

        copy.Complete();
    }

    private static IEnumerable<Posting> Gathered(IEnumerable<SearchDocument> documents)
    {
        var (words, trigrams) = (new Dictionary<string, List<long>>(StringComparer.Ordinal), new Dictionary<string, List<long>>(StringComparer.Ordinal));
        foreach (var document in documents)
        {
            foreach (var word in document.Tokens.Words)
            {
                Note(words, word, document.Number);
            }

            foreach (var trigram in document.Tokens.Code.SelectMany(SearchTokens.TrigramsOf))
            {
                Note(trigrams, trigram, document.Number);
            }
        }

        return words.Select(word => new Posting(PostingTerm.Word(word.Key), word.Value))
            .Concat(trigrams.Select(trigram => new Posting(PostingTerm.Trigram(trigram.Key), trigram.Value)))
            .Order(Comparer<Posting>.Create((one, other) => one.Term.AsSpan().SequenceCompareTo(other.Term)));
    }

    private static void Note(Dictionary<string, List<long>> postings, string term, long document)
    {
        ref var having = ref CollectionsMarshal.GetValueRefOrAddDefault(postings, term, out _);
        having ??= [];
        if (having is not [.., var last] || last != document)
        {
            having.Add(document);
        }
    }

    // Each run is in order, and what is in one stands before all that is in the next.
    private static IEnumerable<Posting> Merged(IEnumerable<IEnumerable<Posting>> runs)
    {
        var open = runs.Select(run => run.GetEnumerator()).Where(run => run.MoveNext()).ToList();
        while (open.Count > 0)
        {
            var term = open[0].Current.Term;
            foreach (var run in open)
            {
                term = run.Current.Term.AsSpan().SequenceCompareTo(term) < 0 ? run.Current.Term : term;
            }

            var having = open.FindAll(run => run.Current.Term.AsSpan().SequenceEqual(term));
            yield return new Posting(term, having.Count == 1 ? having[0].Current.Documents : [.. having.SelectMany(run => run.Current.Documents)]);
            open.RemoveAll(run => having.Contains(run) && !run.MoveNext());
        }
    }

    private readonly record struct StoredRun(long Run, long Last)
    {
        public long Size => SearchCursor.OfDocument(Last).Ingested - SearchCursor.OfDocument(Run).Ingested + 1;

        public int Level => BitOperations.Log2((ulong)Size) / 4;
    }
}
