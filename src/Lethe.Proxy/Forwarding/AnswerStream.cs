using System.Buffers;
using System.Runtime.CompilerServices;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// An answer's body on its way to YARP, which waits for each piece with an empty read before it takes a large buffer to read into. An empty read costs the
/// socket one call more for each event, so the wait is for the piece itself, in a small buffer: a stream that is waited for holds no more than that.
/// A piece that fills the small buffer is the beginning of many, and the rest is read into YARP's.
/// </summary>
internal sealed class AnswerStream(Stream inner, Func<Task> sendHead, Action? ended = null) : ForwardReadStream
{
    private const int WaitingBytes = 4 * 1024;

    private byte[]? waiting;
    private ReadOnlyMemory<byte> arrived;
    private bool isFlowing;
    private bool isEnded;
    private bool headIsOut;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (arrived.IsEmpty && !isEnded && !(buffer.IsEmpty && isFlowing))
        {
            return buffer.IsEmpty ? WaitAsync(cancellationToken) : FlowAsync(buffer, cancellationToken);
        }

        var count = Math.Min(buffer.Length, arrived.Length);
        arrived[..count].CopyTo(buffer);
        arrived = arrived[count..];
        return ValueTask.FromResult(count);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            if (waiting is not null)
            {
                ArrayPool<byte>.Shared.Return(waiting);
                waiting = null;
            }
        }

        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(CancellationToken cancellationToken)
    {
        waiting ??= ArrayPool<byte>.Shared.Rent(WaitingBytes);
        var reading = inner.ReadAsync(waiting, cancellationToken);
        var head = reading.IsCompleted ? null : SendHeadAsync();
        var count = await reading;
        await (head ?? (count == 0 ? SendHeadAsync() : Task.CompletedTask));
        headIsOut = true;
        arrived = waiting.AsMemory(0, count);
        Came(count, isFull: count == waiting.Length);
        return 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> FlowAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        Came(count, isFull: count >= WaitingBytes);
        return count;
    }

    private void Came(int count, bool isFull)
    {
        (isFlowing, isEnded) = (isFull, count == 0);
        if (isEnded)
        {
            ended?.Invoke();
        }
    }

    // A model may think for minutes between its headers and its first event; and a body that is empty would get a length, were its head to wait for it.
    private Task SendHeadAsync()
    {
        if (headIsOut)
        {
            return Task.CompletedTask;
        }

        headIsOut = true;
        return sendHead();
    }
}
