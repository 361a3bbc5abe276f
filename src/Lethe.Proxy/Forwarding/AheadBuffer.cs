using System.Buffers;

namespace Lethe.Proxy.Forwarding;

/// <summary>What has been read of an answer before anybody asked for it.</summary>
internal sealed class AheadBuffer
{
    /// <summary>A longer head is not heard ahead.</summary>
    private const int BytesMax = 64 * 1024;

    private byte[]? bytes;
    private int start;
    private int end;

    private static ReadOnlySpan<byte> Close => "Connection: close\r\n"u8;

    public bool IsEmpty => start == end;

    public bool IsFull => end >= BytesMax - Close.Length;

    /// <summary>Where the next bytes go.</summary>
    public Memory<byte> Free => (bytes ??= ArrayPool<byte>.Shared.Rent(BytesMax)).AsMemory(end, BytesMax - Close.Length - end);

    /// <summary>The bytes that have just been written to the beginning of <see cref="Free"/>.</summary>
    public ReadOnlySpan<byte> Commit(int count)
    {
        end += count;
        return bytes.AsSpan(end - count, count);
    }

    public int Read(Memory<byte> destination)
    {
        var count = Math.Min(destination.Length, end - start);
        bytes.AsMemory(start, count).CopyTo(destination);
        start += count;
        if (IsEmpty)
        {
            GiveBack();
        }

        return count;
    }

    /// <summary>Ends the head whose last byte lies <paramref name="behind"/> bytes before the end with a field that keeps the connection from being used again.</summary>
    public void AddClose(int behind)
    {
        var blank = end - behind - 1;
        if (blank > start && bytes![blank - 1] == '\r')
        {
            blank--;
        }

        if (blank > start && bytes![blank - 1] == '\n')
        {
            bytes.AsSpan(blank, end - blank).CopyTo(bytes.AsSpan(blank + Close.Length));
            Close.CopyTo(bytes.AsSpan(blank));
            end += Close.Length;
        }
    }

    public void GiveBack()
    {
        if (bytes is not null)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }

        (bytes, start, end) = (null, 0, 0);
    }
}
