using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Searching;

/// <summary>The terms of an index, from the first up to one that is no more meant, that are as good as each other.</summary>
internal sealed record SearchedTerm(byte[] First, byte[] End)
{
    /// <summary>All that a document must have; what is likely to be seldom comes first.</summary>
    public static IReadOnlyList<SearchedTerm> Of(SearchQuery query) =>
    [
        .. query.Words.Distinct().OrderByDescending(word => word.Length).Select(PostingTerm.Word).Select(Whole),
        .. query.Beginnings.Distinct().Select(PostingTerm.Word).Select(Beginning),
        .. SearchTokens.TellingTrigramsOf(query).Select(PostingTerm.Trigram).Select(Whole),
    ];

    public bool IsIn(ReadOnlySpan<byte> term) => term.SequenceCompareTo(First) >= 0 && term.SequenceCompareTo(End) < 0;

    private static SearchedTerm Whole(byte[] term) => new(term, [.. term, 0]);

    // No letter in UTF-8 has this byte.
    private static SearchedTerm Beginning(byte[] term) => new(term, [.. term, 0xff]);
}
