using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>The part of a body that has come, to be undone by a <see cref="ContentCoding"/>. What that leaves of it lies behind the coded body.</summary>
public sealed class ArrivingBody : ForwardReadStream
{
    private ReadOnlyMemory<byte> rest;

    /// <summary>The next part, which is read where it lies.</summary>
    public void Put(ReadOnlyMemory<byte> part) => rest = part;

    public override int Read(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, rest.Length);
        rest.Span[..count].CopyTo(buffer);
        rest = rest[count..];
        return count;
    }
}
