namespace Lethe.Capture.Chains;

/// <summary>A node's address: SHA-256 over its projected content and its parent's address. 32 bytes, shown as lower-case hex.</summary>
public readonly record struct NodeHash
{
    private readonly byte[]? bytes;

    public NodeHash(byte[] bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, 32);
        this.bytes = bytes;
    }

    public ReadOnlySpan<byte> Span => bytes;

    public byte[] ToArray() => bytes ?? [];

    public bool Equals(NodeHash other) => Span.SequenceEqual(other.Span);

    public override int GetHashCode() => bytes is null ? 0 : BitConverter.ToInt32(bytes, 0);

    public override string ToString() => Convert.ToHexStringLower(Span);
}

/// <summary>One message in the content-addressed tree.</summary>
/// <param name="Hash">Its address.</param>
/// <param name="Parent">The address of the message before it; null at the root.</param>
/// <param name="Depth">0 at the root.</param>
/// <param name="Role">The wire's own role.</param>
/// <param name="Body">The whole message as JSON (UTF-8), as first seen.</param>
public sealed record Node(NodeHash Hash, NodeHash? Parent, int Depth, string Role, ReadOnlyMemory<byte> Body)
{
    /// <summary>The answer that the message was said upon, by its vendor's id, where the request names it and does not repeat it; null for others.</summary>
    public string? Continues { get; init; }
}

/// <summary>The nodes of one exchange, root to leaf: its prompt, then its reply.</summary>
public sealed record Chain
{
    public required IReadOnlyList<Node> Nodes { get; init; }

    /// <summary>How many of <see cref="Nodes"/> are the prompt; the rest is the reply.</summary>
    public required int PromptLength { get; init; }

    /// <summary>The version of the projection that hashes were taken over.</summary>
    public required int Projection { get; init; }

    public NodeHash? Root => Nodes.Count == 0 ? null : Nodes[0].Hash;

    public NodeHash? Leaf => Nodes.Count == 0 ? null : Nodes[^1].Hash;

    public NodeHash? PromptLeaf => PromptLength == 0 ? null : Nodes[PromptLength - 1].Hash;
}
