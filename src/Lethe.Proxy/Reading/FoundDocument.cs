using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>What a search found, newest first.</summary>
/// <param name="Behind">Exchanges that are stored and not yet indexed.</param>
internal sealed record FoundDocument(IReadOnlyList<FoundItem> Items, string? NextCursor, long Behind)
{
    public static FoundDocument Of(SearchPage page) => new([.. page.Hits.Select(FoundItem.Of)], page.NextCursor?.ToString(), page.Behind);
}

/// <summary>A message, or an error, in which it was found.</summary>
/// <param name="Turn">Null where no turn has come of the call.</param>
/// <param name="In"><c>said</c>, <c>tools</c>, <c>system</c> or <c>errors</c>.</param>
internal sealed record FoundItem(
    string ExchangeId,
    string? SessionId,
    string? HarnessSessionId,
    string HarnessId,
    string? Model,
    DateTimeOffset At,
    int? Turn,
    string In,
    string Role,
    string? Tool,
    IReadOnlyList<SnippetRun> Snippet)
{
    public static FoundItem Of(SearchHit hit) => new(
        hit.ExchangeId, hit.SessionId, hit.HarnessSessionId, hit.HarnessId, hit.Model, hit.At, hit.Turn, SearchWords.PartName(hit.In), hit.Role, hit.Tool, hit.Snippet);
}
