using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>
/// A body followed by a mark that no deflate stream can go on with. The runtime's decompressors take a cut body for a whole one;
/// with the mark behind it, a whole body ignores it and a cut one breaks.
/// </summary>
internal sealed class EndMarkedStream(ReadOnlyMemory<byte> body) : ForwardReadStream
{
    private const int MarkBytes = 64;

    private int at;

    /// <summary>True once the mark has been handed out.</summary>
    public bool IsPastBody { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        if (at < body.Length)
        {
            var count = Math.Min(buffer.Length, body.Length - at);
            body.Span.Slice(at, count).CopyTo(buffer);
            at += count;
            return count;
        }

        if (IsPastBody)
        {
            return 0;
        }

        IsPastBody = true;
        var mark = buffer[..Math.Min(buffer.Length, MarkBytes)];
        mark.Fill(0xff);
        return mark.Length;
    }
}
