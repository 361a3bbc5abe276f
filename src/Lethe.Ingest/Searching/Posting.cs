namespace Lethe.Ingest.Searching;

/// <summary>A term of an index and the documents that have it.</summary>
/// <param name="Term">As <see cref="PostingTerm"/> makes it.</param>
/// <param name="Documents">Ascending.</param>
internal readonly record struct Posting(byte[] Term, IReadOnlyList<long> Documents);
