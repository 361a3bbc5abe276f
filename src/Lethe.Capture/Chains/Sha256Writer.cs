using System.Buffers;
using System.Security.Cryptography;

namespace Lethe.Capture.Chains;

/// <summary>A writer whose bytes go into SHA-256 and nowhere else, through one rented buffer. Not thread-safe.</summary>
internal sealed class Sha256Writer : IBufferWriter<byte>, IDisposable
{
    private const int BufferBytes = 8 * 1024;

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int used;

    public void Advance(int count) => used += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return buffer.AsMemory(used);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return buffer.AsSpan(used);
    }

    /// <summary>The digest of all that was written since the last call (32 bytes); the writer is fresh afterwards.</summary>
    public byte[] Finish()
    {
        Flush();
        return hash.GetHashAndReset();
    }

    public void Dispose()
    {
        hash.Dispose();
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    private void Reserve(int sizeHint)
    {
        if (buffer.Length - used >= Math.Max(1, sizeHint))
        {
            return;
        }

        Flush();
        if (buffer.Length < sizeHint)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = ArrayPool<byte>.Shared.Rent(sizeHint);
        }
    }

    private void Flush()
    {
        hash.AppendData(buffer, 0, used);
        used = 0;
    }
}
