using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Lethe.Proxy.Hosting;

/// <summary>
/// Kestrel's memory in blocks of 32 KiB instead of 4: a socket is read a block at a time, and an agent's request of 50 KB would take a dozen calls of the system.
/// An idle connection holds none.
/// </summary>
internal sealed class SocketBlocks : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    private sealed class Pool : MemoryPool<byte>
    {
        public override int MaxBufferSize => 32 * 1024;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, MaxBufferSize);
            return new Block(ArrayPool<byte>.Shared.Rent(MaxBufferSize));
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class Block(byte[] array) : IMemoryOwner<byte>
    {
        private byte[]? rented = array;

        public Memory<byte> Memory { get; } = array;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref rented, null) is { } back)
            {
                ArrayPool<byte>.Shared.Return(back);
            }
        }
    }
}
