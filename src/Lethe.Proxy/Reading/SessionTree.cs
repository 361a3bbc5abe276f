using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>Sessions as a tree in lines: roots in the order given, each followed by its children, with their depth and the guides that show who is whose.</summary>
internal static class SessionTree
{
    /// <summary>The first 32 bits of a hash: enough to be typed and to tell a store's sessions apart.</summary>
    private const int ShortIdLength = 8;

    public static string ShortId(string sessionId) => sessionId.Length <= ShortIdLength ? sessionId : sessionId[..ShortIdLength];

    public static IReadOnlyList<(SessionSummary Session, int Depth, string Guide)> Lines(IReadOnlyList<SessionSummary> sessions)
    {
        var listed = sessions.Select(session => session.SessionId).ToHashSet();
        var children = sessions
            .Where(session => session.ParentSessionId is { } parent && listed.Contains(parent))
            .ToLookup(session => session.ParentSessionId!);
        var lines = new List<(SessionSummary, int, string)>();
        foreach (var root in sessions.Where(session => session.ParentSessionId is not { } parent || !listed.Contains(parent)))
        {
            Add(root, 0, "", "");
        }

        return lines;

        void Add(SessionSummary session, int depth, string guide, string below)
        {
            lines.Add((session, depth, guide));
            var own = children[session.SessionId].OrderBy(child => child.FirstSeenAt).ThenBy(child => child.SessionId, StringComparer.Ordinal).ToArray();
            for (var i = 0; i < own.Length; i++)
            {
                var last = i == own.Length - 1;
                Add(own[i], depth + 1, below + (last ? "└─ " : "├─ "), below + (last ? "   " : "│  "));
            }
        }
    }
}
