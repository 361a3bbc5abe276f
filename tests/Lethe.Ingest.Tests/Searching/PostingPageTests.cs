using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;

namespace Lethe.Ingest.Tests.Searching;

public sealed class PostingPageTests
{
    private const long Run = 4_003;

    [Fact]
    public void What_is_written_into_pages_is_read_out_of_them_and_found_in_one_of_them() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(100),
        Prop.ForAll(Postings().ToArbitrary(), postings =>
        {
            var pages = PostingPage.Write(postings, Run).ToList();

            Assert.Equal(Told(postings), Told(pages.SelectMany(page => PostingPage.Read(page.Page, Run))));
            Assert.Equal(pages.Select(page => Convert.ToHexString(page.First)), pages.Select(page => Convert.ToHexString(PostingPage.Read(page.Page, Run).First().Term)));
            foreach (var posting in postings)
            {
                var term = new SearchedTerm(posting.Term, [.. posting.Term, 0]);
                Assert.Equal(posting.Documents, Assert.Single(pages.SelectMany(page => PostingPage.Find(page.Page, Run, term))));
            }

            return true;
        }));

    // Dense and sparse, of one part and of all.
    private static Gen<Posting[]> Postings() =>
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from count in Gen.Choose(1, 300)
        select Postings(new Random(seed), count);

    private static Posting[] Postings(Random random, int count) =>
    [
        .. Enumerable.Range(0, count)
            .Select(_ => PostingTerm.Word(new string((char)('a' + random.Next(3)), random.Next(1, 40)) + random.Next(1_000)))
            .DistinctBy(Encoding.UTF8.GetString)
            .OrderBy(Convert.ToHexString, StringComparer.Ordinal)
            .Select(term => new Posting(term, Documents(random))),
    ];

    private static List<long> Documents(Random random)
    {
        var (gap, parts, documents) = (1 + random.Next(random.Next(2) == 0 ? 3 : 100_000), random.Next(1, 5), new SortedSet<long>());
        for (var (i, call) = (0, SearchCursor.OfDocument(Run).Ingested + 1); i < random.Next(1, 200); i++, call += random.Next(1, gap + 1))
        {
            documents.Add(new SearchCursor(call, (SearchPart)random.Next(parts)).Document);
        }

        return [.. documents];
    }

    private static IEnumerable<string> Told(IEnumerable<Posting> postings) => postings.Select(posting => $"{Convert.ToHexString(posting.Term)} {string.Join(' ', posting.Documents)}");
}
