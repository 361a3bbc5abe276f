using System.Runtime.CompilerServices;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Forwarding;

/// <summary>The request body on its way to the upstream. A read that has come from the client is copied and returned; nothing waits for the capture.</summary>
internal sealed class RequestTee(Stream inner, ForwardedCall call) : ForwardReadStream
{
    // Copied here and not after the send: YARP gives its buffer back between two reads.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        if (count > 0)
        {
            call.Active();
            call.Tap.Request(buffer.Span[..count]);
        }

        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
}
