using Lethe.Capture.Chains;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>Which session has which nodes. Membership is closed under parent. Takes part in the caller's transaction.</summary>
internal sealed class NodeMembers : IDisposable
{
    private const int JoinedAtOnce = 16;

    private readonly NodeTable table;
    private readonly Statement join;
    private readonly Statement joinMany;
    private readonly Statement isMember;
    private readonly List<(long Session, long Node)> joining = [];

    public NodeMembers(sqlite3 database, NodeTable table)
    {
        this.table = table;
        join = new Statement(database, "INSERT INTO session_nodes (session, node) VALUES (?, ?) ON CONFLICT DO NOTHING");
        joinMany = new Statement(
            database, $"INSERT OR FAIL INTO session_nodes (session, node) VALUES {string.Join(", ", Enumerable.Repeat("(?, ?)", JoinedAtOnce))}");
        isMember = new Statement(database, "SELECT 1 FROM session_nodes WHERE session = ? AND node = ?");
    }

    /// <summary>Makes the session, if any, a member of all of a chain that is stored; its root and its leaf.</summary>
    public (long Root, long Leaf) Join(long org, SessionState? session, Chain chain)
    {
        var nodes = chain.Nodes;
        var known = LastKnown(org, session, nodes, out var at);
        for (var i = known + 1; i < nodes.Count; i++)
        {
            at = table.Find(org, nodes[i].Hash)!.Value;
            if (session is not null)
            {
                Join(session, at);
            }
        }

        return (nodes.Count == 1 ? at : table.Find(org, nodes[0].Hash)!.Value, at);
    }

    /// <summary>Writes the members of which nobody asked the store yet, in the order of the table. Called before the commit.</summary>
    public void WriteBack()
    {
        joining.Sort();
        var at = 0;
        for (; at + JoinedAtOnce <= joining.Count; at += JoinedAtOnce)
        {
            for (var i = at; i < at + JoinedAtOnce; i++)
            {
                joinMany.Bind(joining[i].Session).Bind(joining[i].Node);
            }

            joinMany.Run();
        }

        for (; at < joining.Count; at++)
        {
            join.Bind(joining[at].Session).Bind(joining[at].Node).Run();
        }

        joining.Clear();
    }

    public void Forget() => joining.Clear();

    public void Dispose()
    {
        join.Dispose();
        joinMany.Dispose();
        isMember.Dispose();
    }

    private void Join(SessionState session, long node)
    {
        var isNew = session.Members.Add(node);
        if (session.IsWhole)
        {
            if (isNew)
            {
                session.Totals.Nodes++;
                joining.Add((session.Key, node));
            }
        }
        else
        {
            session.Totals.Nodes += join.Bind(session.Key).Bind(node).Run();
        }
    }

    // From the leaf up to the first message whose session is a member: all before it is there too.
    private int LastKnown(long org, SessionState? session, IReadOnlyList<Node> nodes, out long at)
    {
        for (var i = nodes.Count - 1; i >= 0; i--)
        {
            if (table.TryGetRecent(org, nodes[i].Hash, out at) && (session is null || session.Members.Contains(at)))
            {
                return i;
            }
        }

        if (session is { IsWhole: false })
        {
            for (var i = nodes.Count - 1; i >= 0; i--)
            {
                if (table.Find(org, nodes[i].Hash) is { } node && isMember.Bind(session.Key).Bind(node).Scalar() is not null)
                {
                    session.Members.Add(at = node);
                    return i;
                }
            }
        }

        at = 0;
        return -1;
    }
}
