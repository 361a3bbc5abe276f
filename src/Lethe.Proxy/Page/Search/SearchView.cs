using Lethe.Ingest.Reading;
using Lethe.Proxy.Page.Session;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Search;

/// <summary>What was asked of the search, and what came of it.</summary>
/// <param name="Fault">Why it is no query; null where it is one, or nothing was asked.</param>
/// <param name="Groups">By session, those with the newest hit first.</param>
public sealed record SearchView(SearchAsked Asked, string? Fault, IReadOnlyList<SearchGroup> Groups, string? NextCursor, long Behind)
{
    public static SearchView Nothing(SearchAsked asked, string? fault) => new(asked, fault, [], null, 0);

    public static SearchView Of(StoreReader reader, string org, SearchAsked asked, SearchPage page) => new(
        asked,
        null,
        [.. page.Hits.GroupBy(hit => hit.SessionId).Select(hits => new SearchGroup(hits.Key, Title(reader, org, hits.Key), hits.First().HarnessId, [.. hits]))],
        page.NextCursor?.ToString(),
        page.Behind);

    private static string Title(StoreReader reader, string org, string? session) => session is not null && reader.Session(org, session) is { } detail
        ? SessionTitle.Of(detail.Session, detail.Session.Name is null ? FirstPrompt.Of(reader, org, detail.Session) : null)
        : "No session";
}

/// <summary>Hits of one session.</summary>
public sealed record SearchGroup(string? SessionId, string Title, string Harness, IReadOnlyList<SearchHit> Hits);

/// <summary>The words of the address.</summary>
public sealed record SearchAsked(string Text, string? In, string? Harness, string? Model, string? Since)
{
    /// <summary>The same search, or its continuation, as an address.</summary>
    public string Address(string path, string? @in, string? cursor = null)
    {
        (string Name, string? Value)[] words = [("q", Text), ("in", @in), ("harness", Harness), ("model", Model), ("since", Since), ("cursor", cursor)];
        return path + "?" + string.Join('&', words.Where(word => word.Value is { Length: > 0 }).Select(word => $"{word.Name}={Uri.EscapeDataString(word.Value!)}"));
    }

    /// <summary>The names that <see cref="In"/> may have.</summary>
    internal static IReadOnlyList<string> Parts => SearchWords.Parts;
}
