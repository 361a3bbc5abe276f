using System.Buffers;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Searching;

/// <summary>
/// Postings in order, as bytes: of each term the letters that differ from the one before it, and for each part of a call in which it stands the calls,
/// by the distances between them (<see cref="Gaps"/>).
/// </summary>
internal static class PostingPage
{
    /// <summary>A row of a PostgreSQL table with a page as long as this is stored in one piece, four of them in a block; only a longer posting makes a longer page.</summary>
    private const int PageBytes = 1_900;

    private const int AllParts = (1 << SearchCursor.PartCount) - 1;

    /// <summary>Terms come in order, each once.</summary>
    /// <param name="run">No document stands before it.</param>
    public static IEnumerable<(byte[] First, byte[] Page)> Write(IEnumerable<Posting> postings, long run)
    {
        var (page, next) = (new ArrayBufferWriter<byte>(PageBytes * 2), new ArrayBufferWriter<byte>(PageBytes * 2));
        byte[] first = [];
        byte[] before = [];
        foreach (var posting in postings)
        {
            next.ResetWrittenCount();
            Write(next, before, posting, run);
            if (page.WrittenCount > 0 && page.WrittenCount + next.WrittenCount > PageBytes)
            {
                yield return (first, page.WrittenSpan.ToArray());
                page.ResetWrittenCount();
                next.ResetWrittenCount();
                Write(next, [], posting, run);
            }

            first = page.WrittenCount == 0 ? posting.Term : first;
            before = posting.Term;
            page.Write(next.WrittenSpan);
        }

        if (page.WrittenCount > 0)
        {
            yield return (first, page.WrittenSpan.ToArray());
        }
    }

    public static IEnumerable<Posting> Read(byte[] page, long run)
    {
        var term = new PageTerm();
        for (var at = 0; at < page.Length;)
        {
            term.Read(page, ref at);
            yield return new Posting(term.Bytes.ToArray(), Documents(page, ref at, term.Parts, run));
        }
    }

    /// <summary>The documents of each of the terms that are meant.</summary>
    public static IEnumerable<IReadOnlyList<long>> Find(byte[] page, long run, SearchedTerm wanted)
    {
        var term = new PageTerm();
        for (var at = 0; at < page.Length;)
        {
            term.Read(page, ref at);
            if (wanted.IsIn(term.Bytes))
            {
                yield return Documents(page, ref at, term.Parts, run);
            }
            else
            {
                Pass(page, ref at, term.Parts);
            }
        }
    }

    private static void Write(ArrayBufferWriter<byte> page, ReadOnlySpan<byte> before, Posting posting, long run)
    {
        var first = SearchCursor.OfDocument(run).Ingested;
        var parts = new List<long>[SearchCursor.PartCount];
        foreach (var document in posting.Documents)
        {
            var place = SearchCursor.OfDocument(document);
            (parts[(int)place.Part] ??= []).Add(place.Ingested - first);
        }

        var said = Enumerable.Range(0, parts.Length).Where(part => parts[part] is not null).Sum(part => 1 << part);
        var same = before.CommonPrefixLength(posting.Term);
        Leb128.Write(page, (same * (AllParts + 1)) + said);
        Leb128.Write(page, posting.Term.Length - same);
        page.Write(posting.Term.AsSpan(same));
        foreach (var calls in parts.Where(calls => calls is not null))
        {
            Gaps.Write(page, calls);
        }
    }

    private static long[] Documents(byte[] page, ref int at, int parts, long run)
    {
        var first = SearchCursor.OfDocument(run).Ingested;
        var documents = new List<long>();
        var isOrdered = true;
        for (var part = 0; part < SearchCursor.PartCount; part++)
        {
            if ((parts & (1 << part)) != 0)
            {
                isOrdered = documents.Count == 0;
                foreach (var call in Gaps.Read(page, ref at))
                {
                    documents.Add(new SearchCursor(first + call, (SearchPart)part).Document);
                }
            }
        }

        if (!isOrdered)
        {
            documents.Sort();
        }

        return [.. documents];
    }

    private static void Pass(byte[] page, ref int at, int parts)
    {
        for (; parts != 0; parts &= parts - 1)
        {
            Gaps.Pass(page, ref at);
        }
    }

    /// <summary>The term that is read: it begins as the one before it.</summary>
    private sealed class PageTerm
    {
        private byte[] bytes = new byte[64];
        private int length;

        public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, length);

        /// <summary>A bit for each part.</summary>
        public int Parts { get; private set; }

        public void Read(byte[] page, ref int at)
        {
            var head = (int)Leb128.Read(page, ref at);
            var own = (int)Leb128.Read(page, ref at);
            Parts = head & AllParts;
            length = (head / (AllParts + 1)) + own;
            if (length > bytes.Length)
            {
                Array.Resize(ref bytes, length * 2);
            }

            page.AsSpan(at, own).CopyTo(bytes.AsSpan(length - own));
            at += own;
        }
    }
}
