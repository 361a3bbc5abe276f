using System.Buffers;

namespace Lethe.Proxy.Forwarding;

/// <summary>A copy of a request's body, as far as it has gone, for being sent a second time; given up where it grows past its bound.</summary>
internal sealed class HeldBody
{
    private const int BytesMax = 1024 * 1024;
    private const int UnknownLengthBytes = 16 * 1024;

    private readonly Lock gate = new();
    private byte[]? bytes;
    private int count;

    /// <param name="length">The announced length, or null.</param>
    public HeldBody(long? length)
    {
        if ((length ?? UnknownLengthBytes) is var first and <= BytesMax)
        {
            bytes = ArrayPool<byte>.Shared.Rent((int)Math.Max(first, 1));
        }
    }

    /// <summary>True while all of what has gone is here.</summary>
    public bool IsHeld => Volatile.Read(ref bytes) is not null;

    public void Append(ReadOnlySpan<byte> more)
    {
        lock (gate)
        {
            if (bytes is null)
            {
                return;
            }

            var total = count + more.Length;
            if (total > BytesMax)
            {
                GiveBack();
                return;
            }

            if (total > bytes.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(total);
                bytes.AsSpan(0, count).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(bytes);
                bytes = larger;
            }

            more.CopyTo(bytes.AsSpan(count));
            count = total;
        }
    }

    /// <summary>Takes the bytes out, or null: the buffer, to be returned to the shared pool, and how much of it counts.</summary>
    public (byte[] Buffer, int Count)? Take()
    {
        lock (gate)
        {
            var taken = bytes;
            bytes = null;
            return taken is null ? null : (taken, count);
        }
    }

    public void GiveUp()
    {
        lock (gate)
        {
            GiveBack();
        }
    }

    private void GiveBack()
    {
        if (bytes is not null)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            bytes = null;
        }
    }
}
