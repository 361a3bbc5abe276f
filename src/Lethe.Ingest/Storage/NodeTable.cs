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
    private readonly Dictionary<NodeKey, int> freshAt = [];
    private readonly List<FreshNode> fresh = [];
    private readonly List<ulong> freshOrder = [];
    private readonly List<int> sorted = [];
    private readonly List<long> rows = [];

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
            var from = FirstUnknown(first, org, nodes, at);
            var before = from == 0 ? -1 : freshAt.GetValueOrDefault(NodeKey.Of(org, nodes[from - 1].Hash), -1);
            for (var i = from; i < nodes.Count; i++)
            {
                before = Add(org, nodes[i], before);
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
        freshAt.Clear();
        fresh.Clear();
        freshOrder.Clear();
        sorted.Clear();
        rows.Clear();
    }

    // Its place among what is fresh. Before is that of the message before it, or negative when that is stored already, or there is none.
    private int Add(long org, Node node, int before)
    {
        var key = NodeKey.Of(org, node.Hash);
        ref var at = ref CollectionsMarshal.GetValueRefOrAddDefault(freshAt, key, out var known);
        if (!known)
        {
            at = fresh.Count;
            sorted.Add(at);
            rows.Add(0);
            freshOrder.Add(key.Order);
            fresh.Add(new FreshNode(key, org, node, before));
        }

        return at;
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
        if (freshAt.ContainsKey(first) || Find(first, org, nodes[at].Hash) is null)
        {
            return at;
        }

        var known = nodes.Count - 1;
        while (known > at && (freshAt.ContainsKey(NodeKey.Of(org, nodes[known].Hash)) || Find(org, nodes[known].Hash) is null))
        {
            known--;
        }

        return known + 1;
    }

    private void Insert()
    {
        CollectionsMarshal.AsSpan(freshOrder).Sort(CollectionsMarshal.AsSpan(sorted));
        var row = last.Scalar() ?? 0;
        foreach (var at in sorted)
        {
            recent[fresh[at].Key] = rows[at] = ++row;
        }

        var order = CollectionsMarshal.AsSpan(sorted);
        for (; order.Length >= InsertedAtOnce; order = order[InsertedAtOnce..])
        {
            foreach (var at in order[..InsertedAtOnce])
            {
                Bind(insertMany, at);
            }

            insertMany.Run();
        }

        foreach (var at in order)
        {
            Bind(insert, at);
            insert.Run();
        }
    }

    private void Bind(Statement statement, int at)
    {
        var (_, org, node, before) = fresh[at];
        statement
            .Bind(rows[at])
            .Bind(node.Hash.Span)
            .Bind(org)
            .Bind(before >= 0 ? rows[before] : node.Parent is { } parent ? Find(org, parent) : null)
            .Bind(node.Depth)
            .Bind(node.Role)
            .Bind(node.Body.Span);
    }

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

    /// <summary>A node that is not stored yet, and the place of the one before it, when that is not stored either; else a negative number.</summary>
    private readonly record struct FreshNode(NodeKey Key, long Org, Node Node, int Before);
}
