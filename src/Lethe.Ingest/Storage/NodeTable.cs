using Lethe.Capture.Chains;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>The message tree and who is a member of it. Content is stored once; membership is closed under parent. Takes part in the caller's transaction.</summary>
internal sealed class NodeTable : IDisposable
{
    private const int RecentNodesMax = 65_536;
    private const int JoinedAtOnce = 16;

    private readonly RecentMap<(long Org, NodeHash Hash), long> recent = new(RecentNodesMax);
    private readonly Statement find;
    private readonly Statement insert;
    private readonly Statement join;
    private readonly Statement joinMany;
    private readonly Statement isMember;
    private readonly List<(long Session, long Node)> joining = [];

    public NodeTable(sqlite3 database)
    {
        find = new Statement(database, "SELECT node FROM nodes WHERE hash = ? AND org = ?");
        insert = new Statement(database, "INSERT INTO nodes (hash, org, parent, depth, role, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
        join = new Statement(database, "INSERT INTO session_nodes (session, node) VALUES (?, ?) ON CONFLICT DO NOTHING");
        joinMany = new Statement(
            database, $"INSERT INTO session_nodes (session, node) VALUES {string.Join(", ", Enumerable.Repeat("(?, ?)", JoinedAtOnce))}");
        isMember = new Statement(database, "SELECT 1 FROM session_nodes WHERE session = ? AND node = ?");
    }

    /// <summary>Stores what is new of a chain, root to leaf, and makes the session, if any, a member of all of it.</summary>
    public (long Root, long Leaf) Store(long org, SessionState? session, Chain chain)
    {
        var nodes = chain.Nodes;
        var known = LastKnown(org, session, nodes, out var at);
        for (var i = known + 1; i < nodes.Count; i++)
        {
            at = Put(org, nodes[i], i == 0 ? null : at);
            if (session is not null)
            {
                Join(session, at);
            }
        }

        return (known < 0 && nodes.Count == 1 ? at : Find(org, nodes[0].Hash)!.Value, at);
    }

    public void Age() => recent.Age();

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

    public void Forget()
    {
        recent.Clear();
        joining.Clear();
    }

    public void Dispose()
    {
        find.Dispose();
        insert.Dispose();
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

    // From the leaf up to the first message that is stored and whose session is a member: all before it is there too.
    private int LastKnown(long org, SessionState? session, IReadOnlyList<Node> nodes, out long at)
    {
        for (var i = nodes.Count - 1; i >= 0; i--)
        {
            if (recent.TryGet((org, nodes[i].Hash), out at) && (session is null || session.Members.Contains(at)))
            {
                return i;
            }
        }

        if (session is { IsWhole: false })
        {
            for (var i = nodes.Count - 1; i >= 0; i--)
            {
                if (Find(org, nodes[i].Hash) is { } node && isMember.Bind(session.Key).Bind(node).Scalar() is not null)
                {
                    session.Members.Add(at = node);
                    return i;
                }
            }
        }

        at = 0;
        return -1;
    }

    private long Put(long org, Node node, long? parent)
    {
        if (recent.TryGet((org, node.Hash), out var known))
        {
            return known;
        }

        var inserted = insert.Bind(node.Hash.Span).Bind(org).Bind(parent).Bind(node.Depth).Bind(node.Role).Bind(node.Body.Span);
        var stored = inserted.InsertOrNull() ?? Find(org, node.Hash)!.Value;
        recent[(org, node.Hash)] = stored;
        return stored;
    }

    private long? Find(long org, NodeHash hash)
    {
        if (recent.TryGet((org, hash), out var known))
        {
            return known;
        }

        if (find.Bind(hash.Span).Bind(org).Scalar() is not { } node)
        {
            return null;
        }

        recent[(org, hash)] = node;
        return node;
    }
}
