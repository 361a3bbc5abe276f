using System.Buffers;

namespace Lethe.Proxy.Forwarding.WebSockets;

/// <summary>Pieces in the order in which they passed, their bytes copied into rented blocks that grow with what has gathered. Not thread-safe.</summary>
internal sealed class GatheredPieces
{
    private const int BlockBytesMin = 4 * 1024;
    private const int BlockBytesMax = 64 * 1024;
    private const int IdlePieces = 256;

    private readonly List<byte[]> blocks = [];
    private List<Piece> pieces = [];
    private int filled;

    public IReadOnlyList<Piece> All => pieces;

    public int Bytes { get; private set; }

    public void Add(Piece piece) => pieces.Add(piece);

    /// <summary>Adds a copy of what passed.</summary>
    public void Add(PieceKind kind, ReadOnlySpan<byte> bytes, long passedAt)
    {
        if (blocks.Count == 0 || blocks[^1].Length - filled < bytes.Length)
        {
            blocks.Add(ArrayPool<byte>.Shared.Rent(Math.Max(bytes.Length, Math.Clamp(Bytes, BlockBytesMin, BlockBytesMax))));
            filled = 0;
        }

        var copy = blocks[^1].AsMemory(filled, bytes.Length);
        bytes.CopyTo(copy.Span);
        filled += bytes.Length;
        Bytes += bytes.Length;
        pieces.Add(new Piece(kind, passedAt) { Bytes = copy });
    }

    /// <summary>Gives every block back; nobody may read a piece any more.</summary>
    public void Clear()
    {
        foreach (var block in blocks)
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        blocks.Clear();
        pieces.Clear();
        (Bytes, filled) = (0, 0);
        if (pieces.Capacity > IdlePieces)
        {
            // One burst does not hold its memory for the rest of a long connection.
            pieces = [];
        }
    }
}
