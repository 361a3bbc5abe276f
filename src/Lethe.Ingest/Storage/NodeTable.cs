using System.Runtime.InteropServices;
using Lethe.Capture.Chains;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>
/// The message tree: content is stored once, and a node never without those before it. Hashes are random: what is new of many chains is inserted in
/// the order of their index, so that each page of it is met once. Takes part in the caller's transaction.
/// </summary>
internal sealed class NodeTable : IDisposable
{
    private const int RecentNodesMax = 65_536;
    private const int InsertedAtOnce = 8;

    // What fails takes the whole transaction back: to keep every page as it was before the statement would cost more than the statement.
    private const string Columns = "INSERT OR FAIL INTO nodes (node, hash, org, parent, depth, role, body) VALUES";
    private const string Row = "(?, ?, ?, ?, ?, ?, ?)";

    private readonly RecentMap<NodeKey, long> recent = new(RecentNodesMax);
    private readonly Statement find;
    private readonly Statement last;
    private readonly Statement insert;
    private readonly Statement insertMany;
    private readonly List<ulong> unsureOrder = [];
    private readonly List<(NodeKey First, long Org, IReadOnlyList<Node> Nodes, int At)> unsure = [];
    private readonly FreshNodes fresh = new();

    public NodeTable(sqlite3 database)
    {
        find = new Statement(database, "SELECT node FROM nodes WHERE hash = ? AND org = ?");
        last = new Statement(database, "SELECT max(node) FROM nodes");
        insert = new Statement(database, $"{Columns} {Row}");
        insertMany = new Statement(database, $"{Columns} {string.Join(", ", Enumerable.Repeat(Row, InsertedAtOnce))}");
    }

    /// <summary>Stores what is new of the chains.</summary>
    public void Put(IEnumerable<(long Org, Chain Chain)> chains)
    {
        Clear();
        foreach (var (org, chain) in chains)
        {
            var from = LastRecent(org, chain.Nodes) + 1;
            if (from < chain.Nodes.Count)
            {
                var first = NodeKey.Of(org, chain.Nodes[from].Hash);
                unsureOrder.Add(first.Order);
                unsure.Add((first, org, chain.Nodes, from));
            }
        }

        CollectionsMarshal.AsSpan(unsureOrder).Sort(CollectionsMarshal.AsSpan(unsure));
        foreach (var (first, org, nodes, at) in unsure)
        {
            var before = -1;
            for (var i = FirstUnknown(first, org, nodes, at); i < nodes.Count; i++)
            {
                before = fresh.Add(org, nodes[i], before);
            }
        }

        Insert();
        Clear();
    }

    /// <summary>A node's row; null when it is not stored.</summary>
    public long? Find(long org, NodeHash hash) => Find(NodeKey.Of(org, hash), org, hash);

    /// <summary>As <see cref="Find(long, NodeHash)"/>, of what was lately met only.</summary>
    public bool TryGetRecent(long org, NodeHash hash, out long node) => recent.TryGet(NodeKey.Of(org, hash), out node);

    public void Age() => recent.Age();

    public void Forget() => recent.Clear();

    public void Dispose()
    {
        find.Dispose();
        last.Dispose();
        insert.Dispose();
        insertMany.Dispose();
    }

    // What was read from the journal is not kept alive from here.
    private void Clear()
    {
        unsureOrder.Clear();
        unsure.Clear();
        fresh.Clear();
    }

    private int LastRecent(long org, IReadOnlyList<Node> nodes)
    {
        var at = nodes.Count - 1;
        while (at >= 0 && !TryGetRecent(org, nodes[at].Hash, out _))
        {
            at--;
        }

        return at;
    }

    // Behind a message that is not stored none is. Where the first that was in doubt is stored after all, the last that is has to be looked for.
    private int FirstUnknown(NodeKey first, long org, IReadOnlyList<Node> nodes, int at)
    {
        if (fresh.Contains(first) || Find(first, org, nodes[at].Hash) is null)
        {
            return at;
        }

        var known = nodes.Count - 1;
        while (known > at && (fresh.Contains(NodeKey.Of(org, nodes[known].Hash)) || Find(org, nodes[known].Hash) is null))
        {
            known--;
        }

        return known + 1;
    }

    private void Insert()
    {
        var order = fresh.InOrder();
        var row = last.Scalar() ?? 0;
        foreach (var place in order)
        {
            ref var node = ref fresh[place];
            recent[node.Key] = node.Row = ++row;
        }

        for (; order.Length >= InsertedAtOnce; order = order[InsertedAtOnce..])
        {
            foreach (var place in order[..InsertedAtOnce])
            {
                Bind(insertMany, fresh[place]);
            }

            insertMany.Run();
        }

        foreach (var place in order)
        {
            Bind(insert, fresh[place]);
            insert.Run();
        }
    }

    private void Bind(Statement statement, in FreshNode one) => statement
        .Bind(one.Row)
        .Bind(one.Node.Hash.Span)
        .Bind(one.Org)
        .Bind(RowBefore(one))
        .Bind(one.Node.Depth)
        .Bind(one.Node.Role)
        .Bind(one.Node.Body.Span);

    private long? RowBefore(in FreshNode one) =>
        one.Before >= 0 ? fresh[one.Before].Row
        : one.Node.Parent is { } parent ? Find(one.Org, parent)
        : null;

    private long? Find(NodeKey key, long org, NodeHash hash)
    {
        if (recent.TryGet(key, out var known))
        {
            return known;
        }

        if (find.Bind(hash.Span).Bind(org).Scalar() is not { } node)
        {
            return null;
        }

        recent[key] = node;
        return node;
    }
}
