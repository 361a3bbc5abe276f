using System.Runtime.InteropServices;

namespace Lethe.Ingest.Journaling;

/// <summary>A body that lies in the live segment, where its bytes lie, and what its prefixes are found by.</summary>
internal sealed class RepeatedBody
{
    private SharedBytes? bytes;

    /// <param name="bytes">Held for this by whoever made it.</param>
    public RepeatedBody(SharedBytes bytes, IReadOnlyList<Extent> rope, ulong[] fingerprints)
    {
        this.bytes = bytes;
        Length = bytes.Bytes.Length;
        HeldBytes = MemoryMarshal.TryGetArray(bytes.Bytes, out var array) ? array.Array!.Length : Length;
        Rope = rope;
        Fingerprints = fingerprints;
        Place = new LinkedListNode<RepeatedBody>(this);
    }

    public int Length { get; }

    /// <summary>The memory that is kept from others meanwhile.</summary>
    public int HeldBytes { get; }

    /// <summary>Empty once the index has let it go.</summary>
    public ReadOnlySpan<byte> Span => bytes is null ? default : bytes.Bytes.Span;

    public IReadOnlyList<Extent> Rope { get; }

    public ulong[] Fingerprints { get; }

    public LinkedListNode<RepeatedBody> Place { get; }

    public void LetGo()
    {
        bytes?.LetGo();
        bytes = null;
    }
}
