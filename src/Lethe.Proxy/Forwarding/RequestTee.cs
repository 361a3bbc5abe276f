using System.Buffers;
using System.Runtime.CompilerServices;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// The request body on its way to the upstream. A read that has come from the client is copied and returned; nothing waits for the capture. Read from the
/// pipe and not from its stream, which cannot be read again after a read was called off.
/// </summary>
internal sealed class RequestTee(ForwardedCall call) : ForwardReadStream
{
    /// <exception cref="OperationCanceledException">Called off by the token, or because the upload was cut.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var body = call.Upload.ClientBody;
        var result = await body.ReadAsync(cancellationToken);
        if (result.IsCanceled)
        {
            body.AdvanceTo(result.Buffer.Start);
            throw new OperationCanceledException("The upstream has answered, and takes no more of the request.");
        }

        var taken = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, buffer.Length));
        var count = (int)taken.Length;
        taken.CopyTo(buffer.Span);
        body.AdvanceTo(taken.End);
        // Copied here and not after the send: YARP gives its buffer back between two reads.
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
