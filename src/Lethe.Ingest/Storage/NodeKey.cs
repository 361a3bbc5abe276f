using System.Buffers.Binary;
using Lethe.Capture.Chains;

namespace Lethe.Ingest.Storage;

/// <summary>
/// A node by the first half of its hash and its organisation: no two nodes that anyone could find share it. Ordered as the index of nodes is.
/// </summary>
internal readonly record struct NodeKey
{
    private readonly UInt128 mixed;

    private NodeKey(UInt128 mixed) => this.mixed = mixed;

    public static NodeKey Of(long org, NodeHash hash) => new(BinaryPrimitives.ReadUInt128BigEndian(hash.Span) ^ (ulong)org);

    /// <summary>What the index is ordered by, as far as it matters.</summary>
    public ulong Order => (ulong)(mixed >> 64);

    // Any bits of a SHA-256 are as good as any others.
    public override int GetHashCode() => (int)(mixed >> 64);
}
