using System.Net;

namespace Lethe.Proxy.Forwarding;

/// <summary>A request's body as the HTTP client gets it for an HTTP/1.1 upstream: what an early answer cut short counts as sent.</summary>
internal class UploadContent : HttpContent
{
    /// <summary>The most that is made up for a body that was announced and cut.</summary>
    private const long UnsentBytesMax = 1024L * 1024 * 1024;

    private static readonly byte[] Nothing = new byte[64 * 1024];


    private readonly HttpContent inner;
    private readonly Upload upload;
    private long sentBytes;

    public UploadContent(HttpContent inner, Upload upload)
    {
        this.inner = inner;
        this.upload = upload;
        foreach (var (name, values) in inner.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(name, values.ToString());
        }
    }

    /// <summary>The upstream has answered, or the call has failed: nothing is sent again.</summary>
    public virtual void Release() => upload.Answered();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        upload.Enter();
        try
        {
            await inner.CopyToAsync(new Outlet(stream, this), context, cancellationToken);
        }
        catch (Exception stopped) when (upload.IsCut && stopped is IOException or OperationCanceledException or HttpRequestException)
        {
            // Nobody waits for the rest.
        }

        if (upload.IsCut)
        {
            await FillAsync(stream, cancellationToken);
        }

        upload.Sent();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    // The HTTP client counts what was announced; the connection lets none of this through.
    private async Task FillAsync(Stream stream, CancellationToken cancellationToken)
    {
        var unsent = (Headers.ContentLength ?? sentBytes) - sentBytes;
        if (unsent > UnsentBytesMax)
        {
            throw new HttpIOException(HttpRequestError.Unknown, "The upstream answered before it had read a body too long to be left out.");
        }

        while (unsent > 0)
        {
            var piece = (int)Math.Min(unsent, Nothing.Length);
            await stream.WriteAsync(Nothing.AsMemory(0, piece), cancellationToken);
            unsent -= piece;
        }
    }

    private sealed class Outlet(Stream destination, UploadContent content) : WriteOnlyStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            content.sentBytes += buffer.Length;
            return destination.WriteAsync(buffer, cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => destination.FlushAsync(cancellationToken);
    }
}
