using System.Buffers.Binary;
using Lethe.Capture.Chains;

namespace Lethe.Ingest.Storage;

/// <summary>A node's place in the index of nodes: its hash and its organisation, in the order in which SQLite compares them.</summary>
internal readonly record struct NodeKey(UInt128 High, UInt128 Low, long Org) : IComparable<NodeKey>
{
    public static NodeKey Of(long org, NodeHash hash) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(hash.Span), BinaryPrimitives.ReadUInt128BigEndian(hash.Span[16..]), org);

    public int CompareTo(NodeKey other)
    {
        var high = High.CompareTo(other.High);
        var hash = high != 0 ? high : Low.CompareTo(other.Low);
        return hash != 0 ? hash : Org.CompareTo(other.Org);
    }

    // Any bits of a SHA-256 are as good as any others.
    public override int GetHashCode() => (int)(ulong)High;
}
