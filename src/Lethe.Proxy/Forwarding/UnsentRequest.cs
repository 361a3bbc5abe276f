using System.Buffers;

namespace Lethe.Proxy.Forwarding;

/// <summary>The rest of a request that no upstream took. Its client has its answer by then; the record still wants what was asked, or a retry could not be told.</summary>
internal static class UnsentRequest
{
    private const int BufferBytes = 64 * 1024;

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(1);

    /// <summary>Ends the response, then reads on through the tee until the body ends, the client goes, or the wait is over. Never throws for what a client can do.</summary>
    public static async Task HearAsync(HttpContext context, ForwardedCall call, TimeProvider time)
    {
        // Such a client sends its body when it is asked to, and it has been refused.
        if (context.Request.Headers.Expect.Count > 0)
        {
            return;
        }

        using var bound = new CancellationTokenSource(WaitMax, time);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await context.Response.CompleteAsync();
            await using var rest = new RequestTee(call);
            while (await ReadAsync(rest, buffer, bound.Token) > 0)
            {
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // What has come by now is kept.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // A cut of the upload ends one read, which may be this one (PipeReader.CancelPendingRead).
    private static async ValueTask<int> ReadAsync(RequestTee rest, Memory<byte> buffer, CancellationToken bound)
    {
        try
        {
            return await rest.ReadAsync(buffer, bound);
        }
        catch (OperationCanceledException) when (!bound.IsCancellationRequested)
        {
            return await rest.ReadAsync(buffer, bound);
        }
    }
}
