using System.Buffers;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Decoding.Json;

/// <summary>A buffer writer over pooled chunks: what it holds grows by what is written, not by doubling.</summary>
internal sealed class PooledWriter : IBufferWriter<byte>, IDisposable
{
    private const int ScratchBytesMin = 4 * 1024;

    private readonly PooledBytes written = new();
    private byte[] scratch = ArrayPool<byte>.Shared.Rent(ScratchBytesMin);

    public void Advance(int count) => written.Append(scratch.AsSpan(0, count));

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (sizeHint > scratch.Length)
        {
            ArrayPool<byte>.Shared.Return(scratch);
            scratch = ArrayPool<byte>.Shared.Rent(sizeHint);
        }

        return scratch;
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public byte[] ToArray() => written.ToArray();

    public void Dispose()
    {
        written.Dispose();
        ArrayPool<byte>.Shared.Return(scratch);
    }
}
