using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Searching;

/// <summary>What an exchange was the first to say, in one part, as the index takes it.</summary>
internal sealed record SearchDocument(long Ingested, long CapturedAt, SearchPart Part, SearchTokens Tokens)
{
    public long Number => new SearchCursor(Ingested, Part).Document;
}

/// <summary>The search index of a store, for the one who fills it. Every call throws <see cref="Meaning.StoreUnavailableException"/> when the store refuses.</summary>
internal interface ISearchIndex : IDisposable
{
    /// <summary>How many exchanges it takes at a time, when as many wait.</summary>
    int ExchangesAtOnce { get; }

    /// <summary>What waits for it to take them: no more characters than these, but for the last exchanges.</summary>
    int CharactersAtOnce { get; }

    IReadOnlyList<string> Orgs();

    /// <summary>The last exchange in the organisation's order of commits that is indexed.</summary>
    long IndexedUpTo(string org);

    /// <summary>
    /// Adds documents, in order, and moves on, together, unless another has moved on from there: then nothing is added, and it is false. What has lost its words
    /// meanwhile is left out.
    /// </summary>
    bool Add(string org, long from, long upTo, IReadOnlyList<SearchDocument> documents);

    /// <summary>Empties it: all is indexed anew.</summary>
    void Clear();
}
