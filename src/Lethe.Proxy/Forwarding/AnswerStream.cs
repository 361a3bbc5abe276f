using System.Runtime.CompilerServices;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Forwarding;

/// <summary>An answer's body on its way to YARP: sends the head where the body lets it wait, and tells when the body has come to its own end.</summary>
internal sealed class AnswerStream(Stream inner, Func<Task> sendHead, Action? ended = null) : ForwardReadStream
{
    private bool headIsOut;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = inner.ReadAsync(buffer, cancellationToken);
        // A model may think for minutes between its headers and its first event.
        var head = reading.IsCompleted ? Task.CompletedTask : SendHeadAsync();
        var count = await reading;
        await head;
        // An empty read only waits (YARP's way of holding no buffer meanwhile).
        if (buffer.IsEmpty)
        {
            return count;
        }

        if (count == 0)
        {
            // A body that is empty would get a length, were its head to wait for it.
            await SendHeadAsync();
            ended?.Invoke();
        }

        headIsOut = true;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

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
