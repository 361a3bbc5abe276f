using System.Buffers;
using System.Net;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// A request's body for an HTTP/2 upstream, which may refuse a request that it has not touched (RFC 9113 §8.7): while no answer has come, a small one is
/// held, and is read to its end even if its first stream is gone, so that the HTTP client can send it again on another.
/// </summary>
internal sealed class ResendableContent(HttpContent inner, Upload upload) : UploadContent(inner, upload)
{
    private readonly HeldBody held = new(inner.Headers.ContentLength);
    private readonly CancellationTokenSource stop = new();
    private Task? first;
    private volatile bool isRefused;

    public override void Release()
    {
        base.Release();
        held.GiveUp();
        if (isRefused)
        {
            stop.Cancel();
        }
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (first is not null)
        {
            await SendAgainAsync(stream, cancellationToken);
            return;
        }

        await using var refusal = cancellationToken.UnsafeRegister(static content => ((ResendableContent)content!).Refused(), this);
        first = base.SerializeToStreamAsync(new Attempt(stream, held, cancellationToken), context, stop.Token);
        await first;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stop.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Refused()
    {
        isRefused = true;
        if (!held.IsHeld)
        {
            stop.Cancel();
        }
    }

    private async Task SendAgainAsync(Stream stream, CancellationToken cancellationToken)
    {
        await first!;
        if (held.Take() is not { } body)
        {
            throw new HttpIOException(HttpRequestError.ConnectionError, "The upstream refused the request, and its body cannot be sent again.");
        }

        try
        {
            await stream.WriteAsync(body.Buffer.AsMemory(0, body.Count), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body.Buffer);
        }
    }

    private sealed class Attempt(Stream destination, HeldBody held, CancellationToken refusal) : WriteOnlyStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            held.Append(buffer.Span);
            await SendAsync(destination.WriteAsync(buffer, refusal));
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => SendAsync(new ValueTask(destination.FlushAsync(refusal)));

        private async Task SendAsync(ValueTask sending)
        {
            try
            {
                await sending;
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException or HttpRequestException or ObjectDisposedException && held.IsHeld)
            {
                // The rest is held for the next stream.
            }
        }
    }
}
