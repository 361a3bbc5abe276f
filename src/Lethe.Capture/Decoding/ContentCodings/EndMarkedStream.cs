namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>
/// A body followed by a mark that no deflate stream can go on with. The runtime's decompressors take a cut body for a whole one;
/// with the mark behind it, a whole body ignores it and a cut one breaks.
/// </summary>
internal sealed class EndMarkedStream(ReadOnlyMemory<byte> body) : Stream
{
    private const int MarkBytes = 64;

    private int at;

    /// <summary>True once the mark has been handed out.</summary>
    public bool IsPastBody { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

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

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
