using System.Buffers;
using System.IO.Compression;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Sockets;

/// <summary>Undoes permessage-deflate (RFC 7692) of one direction, message by message, into no more than a bound.</summary>
internal sealed class MessageInflater(bool takesOver) : IDisposable
{
    private const int StepBytes = 16 * 1024;

    private readonly Feed feed = new();
    private DeflateStream? inflating;

    // What every sender leaves out (RFC 7692 §7.2.2).
    private static readonly byte[] Tail = [0, 0, 0xFF, 0xFF];

    /// <summary>Why the message cannot be read, as one word; null when it could. What is written is held of the budget.</summary>
    public string? Inflate(ReadOnlyMemory<byte> message, ArrayBufferWriter<byte> into, int bytesMax, CaptureBudget? budget)
    {
        inflating ??= new DeflateStream(feed, CompressionMode.Decompress, leaveOpen: true);
        feed.Set(message, Tail);
        try
        {
            for (var isAll = false; !isAll;)
            {
                var room = into.GetSpan(StepBytes);
                var count = inflating.Read(room);
                if (budget?.TryTake(count) == false)
                {
                    return "memory";
                }

                into.Advance(count);
                if (into.WrittenCount > bytesMax)
                {
                    return "message_too_long";
                }

                // What leaves room with nothing left to feed has come to the end: asking once more would only cost a call.
                isAll = count == 0 || (count < room.Length && feed.IsEmpty);
            }
        }
        catch (InvalidDataException)
        {
            return "message_not_deflated";
        }

        var isWhole = feed.IsEmpty;
        if (!takesOver)
        {
            Dispose();
        }

        return isWhole ? null : "message_not_deflated";
    }

    public void Dispose()
    {
        inflating?.Dispose();
        inflating = null;
    }

    private sealed class Feed : ForwardReadStream
    {
        private ReadOnlyMemory<byte> first;
        private ReadOnlyMemory<byte> second;

        public bool IsEmpty => first.IsEmpty && second.IsEmpty;

        public void Set(ReadOnlyMemory<byte> message, ReadOnlyMemory<byte> tail) => (first, second) = (message, tail);

        public override int Read(Span<byte> buffer) => Take(ref first, ref buffer) + Take(ref second, ref buffer);

        private static int Take(ref ReadOnlyMemory<byte> from, ref Span<byte> buffer)
        {
            var count = Math.Min(from.Length, buffer.Length);
            from.Span[..count].CopyTo(buffer);
            from = from[count..];
            buffer = buffer[count..];
            return count;
        }
    }
}
