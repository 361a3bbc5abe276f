using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Sessions;

/// <summary>Root sessions with the sums of their trees, and those below the ones that stand open.</summary>
public sealed record SessionsView
{
    public required SessionsAsked Asked { get; init; }

    public required IReadOnlyList<(SessionSummary Session, int Depth)> Rows { get; init; }

    public required FacetsDocument Facets { get; init; }

    public string? NextCursor { get; init; }

    /// <summary>The dearest tree's cost, which bars are measured against.</summary>
    public long DearestNanoUsd => Rows.Where(row => row.Depth == 0).Select(row => row.Session.Tree!.Counters.CostNanoUsd).DefaultIfEmpty().Max();

    internal static SessionsView Read(StoreReader reader, SessionListing listing, string org, SessionQuestion question, SessionsAsked asked, int limit)
    {
        var (roots, next) = listing.Page([org], question with { Filter = question.Filter with { RootsAlone = true } }, limit);
        var open = roots.Where(root => asked.Open.Contains(root.SessionId)).ToList();
        var children = listing.Told(org, reader.SessionsBelow(org, [.. open.Select(root => root.SessionId)])).ToLookup(session => session.ParentSessionId!);
        return new SessionsView
        {
            Asked = asked,
            Rows = [.. roots.SelectMany(root => asked.Open.Contains(root.SessionId) ? Below(root, 0, children) : [(root, 0)])],
            Facets = FacetsDocument.Of(reader, listing, [org], new SessionFilter { Since = question.Filter.Since, Until = question.Filter.Until }),
            NextCursor = next?.ToString(),
        };
    }

    private static IEnumerable<(SessionSummary Session, int Depth)> Below(SessionSummary session, int depth, ILookup<string, SessionSummary> children) =>
        [(session, depth), .. children[session.SessionId].SelectMany(child => Below(child, depth + 1, children))];
}

/// <summary>The words of the address.</summary>
/// <param name="Open">Sessions whose children are shown.</param>
public sealed record SessionsAsked(IReadOnlyList<(string Name, string Value)> Words, IReadOnlyList<string> Open)
{
    private static readonly string[] Names = ["harness", "model", "cwd", "state", "trouble", "q", "since", "until", "sort"];

    public bool IsFiltered => Words.Any(word => word.Name != "sort");

    internal static SessionsAsked Of(IQueryCollection query) => new(
        [.. Names.Select(name => (name, query[name].ToString())).Where(word => word.Item2.Length > 0)],
        [.. query["open"].SelectMany(value => (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))]);

    public string? Word(string name) => Words.FirstOrDefault(word => word.Name == name).Value;

    /// <summary>The same list with another word in it; without it where it is null.</summary>
    public string With(string name, string? value) => Address(Words.Where(word => word.Name != name).Append((name, value ?? "")), Open);

    /// <summary>The same list with a session's children shown, or no longer; its row has the focus then.</summary>
    public string Folding(string session) => Address(Words, Open.Contains(session) ? Open.Where(open => open != session) : Open.Append(session)) + "#" + RowOf(session);

    /// <summary>The id of a session's row.</summary>
    public static string RowOf(string session) => "session-" + session;

    private static string Address(IEnumerable<(string Name, string Value)> words, IEnumerable<string> open) =>
        "/sessions?" + string.Join('&', words.Append(("open", string.Join(',', open))).Where(word => word.Item2.Length > 0).Select(word => $"{word.Item1}={Uri.EscapeDataString(word.Item2)}"));
}
