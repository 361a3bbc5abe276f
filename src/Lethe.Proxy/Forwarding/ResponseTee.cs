using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.Forwarding;

/// <summary>The response body on its way to the client: each write goes out first and is copied afterwards.</summary>
internal sealed class ResponseTee(HttpContext context, IHttpResponseBodyFeature inner, ForwardedCall call) : WriteOnlyStream, IHttpResponseBodyFeature
{
    private readonly Stream client = inner.Stream;
    private PipeWriter? writer;
    private long written;

    public Stream Stream => this;

    public PipeWriter Writer => writer ??= PipeWriter.Create(this, new StreamPipeWriterOptions(leaveOpen: true));

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (call.Tap.HoldsEnd && IsLast(buffer.Length))
        {
            await WriteLastAsync(buffer, cancellationToken);
            return;
        }

        var since = written == 0 ? call.Now : 0;
        try
        {
            await SendAsync(buffer, cancellationToken);
        }
        finally
        {
            // Kept even when the client is gone: the upstream did say it.
            Keep(buffer, since);
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => client.FlushAsync(cancellationToken);

    public void DisableBuffering() => inner.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    public Task CompleteAsync() => inner.CompleteAsync();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(this, path, offset, count, cancellationToken);

    // A chunked answer ends after the pipeline has returned; one with a length ends here.
    private bool IsLast(int count) => context.Response.ContentLength is { } length && written + count >= length;

    private async ValueTask WriteLastAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        Keep(buffer, call.Now);
        call.Tap.Finish(CallEnding.Completed);
        if (await call.Tap.WhenDurable())
        {
            await client.WriteAsync(buffer, cancellationToken);
        }
        else
        {
            context.Abort();
        }
    }

    private ValueTask SendAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        call.Framing is { } framing ? framing.WriteAsync(buffer, cancellationToken) : client.WriteAsync(buffer, cancellationToken);

    private void Keep(ReadOnlyMemory<byte> buffer, long since)
    {
        if (written == 0 && buffer.Length > 0)
        {
            call.FirstByteReleased(since);
        }

        written += buffer.Length;
        call.Active();
        call.Tap.Response(buffer.Span);
    }
}
