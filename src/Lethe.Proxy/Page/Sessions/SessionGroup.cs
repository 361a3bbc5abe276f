using Lethe.Ingest.Reading;
using Lethe.Proxy.Page.Session;

namespace Lethe.Proxy.Page.Sessions;

/// <summary>A root session and those below it, each with its depth and its title.</summary>
public sealed record SessionGroup(IReadOnlyList<(SessionSummary Session, int Depth, string Title)> Rows)
{
    /// <summary>Sessions as they are listed, children under the parent that is among them.</summary>
    public static IReadOnlyList<SessionGroup> Of(StoreReader reader, string org, IReadOnlyList<SessionSummary> sessions)
    {
        var listed = sessions.Select(session => session.SessionId).ToHashSet();
        var children = sessions.Where(session => session.ParentSessionId is { } parent && listed.Contains(parent)).ToLookup(session => session.ParentSessionId!);
        return [.. sessions.Where(session => session.ParentSessionId is not { } parent || !listed.Contains(parent)).Select(root =>
        {
            var rows = new List<(SessionSummary, int, string)>();
            Add(root, 0);
            return new SessionGroup(rows);

            void Add(SessionSummary session, int depth)
            {
                rows.Add((session, depth, Title(reader, org, session)));
                foreach (var child in children[session.SessionId].OrderBy(child => child.FirstSeenAt).ThenBy(child => child.SessionId, StringComparer.Ordinal))
                {
                    Add(child, depth + 1);
                }
            }
        })];
    }

    private static string Title(StoreReader reader, string org, SessionSummary session) =>
        session.Name
        ?? (session.IsPlaceholder ? null : reader.Conversation(org, session.SessionId).Take(1).SelectMany(turn => turn.NewMessages).Select(PromptText.Of).OfType<string>().Select(text => PromptText.Title(text)).FirstOrDefault())
        ?? Terminal.Format.OneLine(session.HarnessSessionId, 48);
}
