using System.Buffers;
using System.IO.Pipelines;

namespace Lethe.Proxy.IngestApi;

/// <summary>A line without its end, in memory of its own; null bytes for one over its limit, of which nothing is held.</summary>
internal readonly record struct IncomingLine(int Number, byte[]? Bytes);

/// <summary>Lines out of a body as they come: what is held is one line at most, never the body.</summary>
internal sealed class IncomingLines(PipeReader body, int lineBytesMax, long bodyBytesMax)
{
    private long taken;
    private bool isOver;
    private bool isSkipping;

    /// <summary>True once the body was found longer than it may be; then no line follows.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>The line that was read last, or at which the body was found too long.</summary>
    public int Number { get; private set; }

    /// <summary>The next line, blank ones too; null at the end.</summary>
    public async ValueTask<IncomingLine?> NextAsync(CancellationToken gone)
    {
        while (!isOver && !IsTooLarge)
        {
            var read = await body.ReadAsync(gone);
            var buffer = read.Buffer;
            var end = buffer.PositionOf((byte)'\n');
            var length = end is { } at ? buffer.Slice(0, at).Length : buffer.Length;
            if (taken + length > bodyBytesMax)
            {
                IsTooLarge = true;
                Number++;
                body.AdvanceTo(buffer.Start);
                return null;
            }

            if (end is null && !read.IsCompleted)
            {
                Hold(buffer, length);
                continue;
            }

            isOver = end is null;
            var line = isOver && length == 0 && !isSkipping ? default(IncomingLine?) : Take(buffer, length);
            taken += length + (isOver ? 0 : 1);
            body.AdvanceTo(end is { } newline ? buffer.GetPosition(1, newline) : buffer.End);
            return line;
        }

        return null;
    }

    // A line that is over its limit is passed over as it comes.
    private void Hold(ReadOnlySequence<byte> buffer, long length)
    {
        isSkipping |= length > lineBytesMax;
        taken += isSkipping ? length : 0;
        body.AdvanceTo(isSkipping ? buffer.End : buffer.Start, buffer.End);
    }

    private IncomingLine Take(ReadOnlySequence<byte> buffer, long length)
    {
        var line = new IncomingLine(++Number, isSkipping || length > lineBytesMax ? null : buffer.Slice(0, length).ToArray());
        isSkipping = false;
        return line;
    }
}
