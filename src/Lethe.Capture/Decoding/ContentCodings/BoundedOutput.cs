using System.Buffers;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>How one layer's decoding ended.</summary>
internal enum CodingEnd
{
    Whole,

    /// <summary>The input ended early or was corrupt; what came out before the fault is kept.</summary>
    Broken,

    TooLarge,
}

/// <summary>Where a layer writes its plain bytes: pooled, and never past its bound.</summary>
internal sealed class BoundedOutput(long bytesMax) : IDisposable
{
    private const int BlockBytes = 64 * 1024;

    private readonly PooledBytes bytes = new();

    /// <summary>Scratch room for the next block.</summary>
    public byte[] Block { get; } = ArrayPool<byte>.Shared.Rent(BlockBytes);

    public long Length => bytes.Length;

    /// <summary>Keeps the first <paramref name="count"/> bytes of <see cref="Block"/>; false when the bound is met.</summary>
    public bool TryKeep(int count)
    {
        if (bytes.Length + count > bytesMax)
        {
            return false;
        }

        bytes.Append(Block.AsSpan(0, count));
        return true;
    }

    public byte[] ToArray() => bytes.ToArray();

    public void Dispose()
    {
        bytes.Dispose();
        ArrayPool<byte>.Shared.Return(Block);
    }
}
