using System.Buffers;
using System.Runtime.InteropServices;

namespace Lethe.Capture.Exchanges;

/// <summary>A growing run of bytes in one rented array, which can be given away whole. Not thread-safe.</summary>
/// <param name="expected">How long the run will probably be. So much is rented at once, within bounds, and need not be copied to grow.</param>
internal sealed class RentedBytes(long expected = 0) : IDisposable
{
    private const int FirstBytesMin = 4 * 1024;

    // A client that announces much and sends little holds no more than this.
    private const int FirstBytesMax = 64 * 1024;

    // Pools of our own keep the arrays of the usual sizes however many calls are under way; the shared one keeps few, and gives the rest to the collector.
    private const int UsualBytesMax = 128 * 1024;
    private const int UsualArraysMax = 256;
    private const int LargeBytesMax = 1024 * 1024;
    private const int LargeArraysMax = 32;
    private static readonly ArrayPool<byte> Usual = ArrayPool<byte>.Create(UsualBytesMax, UsualArraysMax);
    private static readonly ArrayPool<byte> Large = ArrayPool<byte>.Create(LargeBytesMax, LargeArraysMax);

    private readonly int firstBytes = (int)Math.Clamp(expected, FirstBytesMin, FirstBytesMax);
    private byte[] bytes = [];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    public void Append(ReadOnlySpan<byte> more)
    {
        if (bytes.Length - Length < more.Length)
        {
            Grow(checked(Length + more.Length));
        }

        more.CopyTo(bytes.AsSpan(Length));
        Length += more.Length;
    }

    /// <summary>Gives the run away, to come back by <see cref="Return"/>; the object is empty afterwards.</summary>
    public ReadOnlyMemory<byte> Detach()
    {
        var detached = bytes.AsMemory(0, Length);
        (bytes, Length) = ([], 0);
        return detached;
    }

    /// <summary>Takes a detached run back. Memory that was never rented here is left alone.</summary>
    public static void Return(ReadOnlyMemory<byte> detached)
    {
        if (MemoryMarshal.TryGetArray(detached, out var segment) && segment.Array is { Length: > 0 } array)
        {
            PoolOf(array.Length).Return(array);
        }
    }

    public void Clear() => Return(Detach());

    public void Dispose() => Clear();

    private void Grow(int wanted)
    {
        var size = (int)Math.Max(Math.Max(wanted, firstBytes), Math.Min(bytes.Length * 2L, Array.MaxLength));
        var larger = PoolOf(size).Rent(size);
        bytes.AsSpan(0, Length).CopyTo(larger);
        Return(bytes);
        bytes = larger;
    }

    private static ArrayPool<byte> PoolOf(int size) => size <= UsualBytesMax ? Usual : size <= LargeBytesMax ? Large : ArrayPool<byte>.Shared;
}
