using Lethe.Ingest.Reading;
using Lethe.Proxy.Page.Session;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Sessions;

/// <summary>A root session and those below it, each with its depth and its title.</summary>
public sealed record SessionGroup(IReadOnlyList<(SessionSummary Session, int Depth, string Title)> Rows)
{
    /// <summary>Sessions as they are listed, children under the parent that is among them.</summary>
    public static IReadOnlyList<SessionGroup> Of(StoreReader reader, string org, IReadOnlyList<SessionSummary> sessions)
    {
        var groups = new List<List<(SessionSummary, int, string)>>();
        foreach (var (session, depth, _) in SessionTree.Lines(sessions))
        {
            if (depth == 0)
            {
                groups.Add([]);
            }

            groups[^1].Add((session, depth, SessionTitle.Of(session, session.Name is null ? FirstPrompt.Of(reader, org, session) : null)));
        }

        return groups.ConvertAll(rows => new SessionGroup(rows));
    }
}
