using System.Runtime.InteropServices;
using Lethe.Capture.Chains;

namespace Lethe.Ingest.Storage;

/// <summary>A message that is not stored yet.</summary>
/// <param name="Before">The place of the message before it; negative when that is stored already, or there is none.</param>
internal record struct FreshNode(NodeKey Key, long Org, Node Node, int Before)
{
    /// <summary>The row that it will have.</summary>
    public long Row { get; set; }
}

/// <summary>The messages of many chains that are not stored yet, each once, at the place where it was met.</summary>
internal sealed class FreshNodes
{
    private readonly Dictionary<NodeKey, int> places = [];
    private readonly List<FreshNode> nodes = [];
    private readonly List<ulong> order = [];
    private readonly List<int> sorted = [];

    public ref FreshNode this[int place] => ref CollectionsMarshal.AsSpan(nodes)[place];

    public bool Contains(NodeKey key) => places.ContainsKey(key);

    /// <summary>Its place, the same when it is there already.</summary>
    public int Add(long org, Node node, int before)
    {
        var key = NodeKey.Of(org, node.Hash);
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(places, key, out var known);
        if (!known)
        {
            place = nodes.Count;
            nodes.Add(new FreshNode(key, org, node, before));
            order.Add(key.Order);
            sorted.Add(place);
        }

        return place;
    }

    /// <summary>All places, in the order of the index. Called once, when nothing more is added.</summary>
    public ReadOnlySpan<int> InOrder()
    {
        var inOrder = CollectionsMarshal.AsSpan(sorted);
        CollectionsMarshal.AsSpan(order).Sort(inOrder);
        return inOrder;
    }

    public void Clear()
    {
        places.Clear();
        nodes.Clear();
        order.Clear();
        sorted.Clear();
    }
}
