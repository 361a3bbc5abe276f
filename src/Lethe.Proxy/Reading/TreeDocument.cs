using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>A session and all that it started, depth first; each below the one that started it.</summary>
internal sealed record TreeDocument(string SessionId, IReadOnlyList<TreeItem> Items)
{
    public static TreeDocument Of(StoreReader reader, SessionListing listing, SessionDetail detail)
    {
        var org = detail.Session.OrgId;
        var below = reader.SessionsBelow(org, [detail.Session.SessionId]);
        var told = listing.Told(org, [detail.Session, .. below]);
        var children = told.Skip(1).ToLookup(session => session.ParentSessionId!);
        var asked = reader.AskedTools(org, [.. told.Where(session => children.Contains(session.SessionId)).Select(session => session.SessionId)]).ToLookup(tool => tool.SessionId);
        var items = new List<TreeItem>();
        Add(told[0], 0, null);
        return new TreeDocument(detail.Session.SessionId, items);

        void Add(SessionSummary session, int depth, SpawnedBy? by)
        {
            items.Add(new TreeItem(session, depth, session.Counters, session.Tree!.Counters, by));
            var calls = SpawnedBy.Of(StartedSessions.By(reader, org, children[session.SessionId]), asked[session.SessionId]);
            foreach (var child in children[session.SessionId])
            {
                Add(child, depth + 1, calls.GetValueOrDefault(child.SessionId));
            }
        }
    }
}

/// <param name="Depth">0 for the session that was asked about.</param>
/// <param name="Own">What it adds up to by itself.</param>
/// <param name="Total">With all below it.</param>
/// <param name="SpawnedBy">Null where no tool call is known to have started it.</param>
internal sealed record TreeItem(SessionSummary Session, int Depth, SessionCounters Own, SessionCounters Total, SpawnedBy? SpawnedBy);

/// <summary>The tool call that started a session.</summary>
/// <param name="Exchange">Whose answer asked for it.</param>
/// <param name="Resolution"><c>prompt</c>: an argument of the call is the session's first prompt.</param>
internal sealed record SpawnedBy(string Exchange, string Call, string Resolution)
{
    /// <summary>By the session that was started.</summary>
    /// <param name="asked">In the order in which they were made.</param>
    public static Dictionary<string, SpawnedBy> Of(Func<string, SessionSummary?> startedBy, IEnumerable<AskedTool> asked)
    {
        var found = new Dictionary<string, SpawnedBy>();
        foreach (var tool in asked)
        {
            if (startedBy(tool.Arguments) is { } session)
            {
                found[session.SessionId] = new SpawnedBy(tool.ExchangeId, tool.CallId, "prompt");
            }
        }

        return found;
    }
}
