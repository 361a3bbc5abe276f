using System.Buffers;

namespace Lethe.Capture.Exchanges;

/// <summary>A growing run of bytes in rented chunks: one copy in, no copy to grow. Not thread-safe.</summary>
public sealed class PooledBytes : IDisposable
{
    private const int FirstChunkBytes = 4 * 1024;
    private const int ChunkBytesMax = 64 * 1024;

    private readonly List<byte[]> chunks = [];
    private int tail;

    public long Length { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (chunks.Count == 0 || tail == chunks[^1].Length)
            {
                var wanted = chunks.Count == 0 ? Math.Max(FirstChunkBytes, bytes.Length) : (int)Math.Min(ChunkBytesMax, Math.Max(Length, bytes.Length));
                chunks.Add(ArrayPool<byte>.Shared.Rent(Math.Min(ChunkBytesMax, wanted)));
                tail = 0;
            }

            var count = Math.Min(bytes.Length, chunks[^1].Length - tail);
            bytes[..count].CopyTo(chunks[^1].AsSpan(tail));
            tail += count;
            Length += count;
            bytes = bytes[count..];
        }
    }

    /// <summary>The run, chunk by chunk; valid until the next call on this object.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Chunks()
    {
        for (var i = 0; i < chunks.Count; i++)
        {
            yield return chunks[i].AsMemory(0, i == chunks.Count - 1 ? tail : chunks[i].Length);
        }
    }

    public byte[] ToArray()
    {
        var whole = GC.AllocateUninitializedArray<byte>(checked((int)Length));
        var at = 0;
        foreach (var chunk in Chunks())
        {
            chunk.Span.CopyTo(whole.AsSpan(at));
            at += chunk.Length;
        }

        return whole;
    }

    /// <summary>Gives every chunk back to the pool; the run is empty afterwards and can be used again.</summary>
    public void Clear()
    {
        foreach (var chunk in chunks)
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        chunks.Clear();
        tail = 0;
        Length = 0;
    }

    public void Dispose() => Clear();
}
