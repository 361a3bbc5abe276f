using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>A body in memory, read where it lies.</summary>
internal sealed class BodyStream(ReadOnlyMemory<byte> body) : ForwardReadStream
{
    private int at;

    public override int Read(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, body.Length - at);
        body.Span.Slice(at, count).CopyTo(buffer);
        at += count;
        return count;
    }
}
