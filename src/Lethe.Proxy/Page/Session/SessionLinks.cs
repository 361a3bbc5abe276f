namespace Lethe.Proxy.Page.Session;

/// <summary>Where the links of a session's parts lead: to the other views, or, in a file that stands alone, to what it holds.</summary>
/// <param name="Prefix">Before the anchors of a session that shares its document with others.</param>
/// <param name="InFile">The sessions that the file holds; null on the page.</param>
public sealed record SessionLinks(string Prefix, IReadOnlySet<string>? InFile)
{
    public static SessionLinks OnPage { get; } = new("", null);

    /// <summary>Null where nothing leads there: an element without <c>href</c> is no link.</summary>
    public string? Sessions => InFile is null ? "/sessions" : null;

    public string? Session(string id) => InFile is null ? "/sessions/" + id : InFile.Contains(id) ? "#session-" + id : null;

    public string? Exchange(string id) => InFile is null ? "/exchanges/" + id : null;

    /// <summary>To a call of any session of the tree; null in a file.</summary>
    public string? Call(string session, int? seq, string exchange) => InFile is not null ? null : seq is { } turn ? $"/sessions/{session}?turn={turn}#turn-{turn}" : "/exchanges/" + exchange;

    /// <summary>The id of an element within its document.</summary>
    public string Id(string anchor) => Prefix + anchor;

    /// <summary>To an element of the session, which the page may have to load first.</summary>
    public string Turn(int? seq, string anchor) => InFile is null && seq is { } turn ? $"?turn={turn}#{Id(anchor)}" : "#" + Id(anchor);
}
