using Lethe.Capture.Exchanges;
using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Recording;

namespace Lethe.Proxy.Recording;

/// <summary>An exchange that a producer has captured.</summary>
/// <param name="Status">Null where the producer told of no response.</param>
internal sealed record ProducedCall(
    ExchangeHead Head, ReadOnlyMemory<byte> Request, int? Status, IReadOnlyList<HeaderField> ResponseHeaders, ReadOnlyMemory<byte> Response);

/// <summary>A call that was handed over: its id, and what there is to wait for.</summary>
internal readonly record struct HandedOver(ExchangeId Id, Task<bool> Kept, Task<DeliveryResult> Committed);

/// <summary>Takes producers' calls into the journal, and tells when they are there and when they are in the store.</summary>
internal sealed class ProducedCalls(Recorder recorder, CommitWaiters waiters, Func<IngestPhase> phase, TimeProvider time)
{
    private static readonly TimeSpan CommitMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Null where there is no room: nothing of it was taken.</summary>
    public HandedOver? HandOver(ProducedCall call)
    {
        if (!recorder.HasRoomFor(call.Request.Length + call.Response.Length))
        {
            return null;
        }

        var builder = recorder.Begin(call.Head);
        var handed = new HandedOver(builder.Id, recorder.WhenKeptAsync(builder), waiters.Expect(builder.Id));
        builder.AppendRequest(call.Request.Span);
        if (call.Status is { } status)
        {
            builder.StartResponse(status, call.ResponseHeaders);
            builder.AppendResponse(call.Response.Span);
        }

        builder.Finish(call.Status is null && call.Head.Kind is null ? Ending.NoResponse : Ending.Completed);
        return handed;
    }

    /// <summary>As another recorder has captured it. Null where there is no room: nothing of it was taken.</summary>
    public HandedOver? HandOver(CapturedExchange exchange)
    {
        if (!recorder.HasRoomFor(exchange.Request.KeptBytes + exchange.Response.KeptBytes))
        {
            return null;
        }

        var committed = waiters.Expect(exchange.Id);
        return new HandedOver(exchange.Id, recorder.TakeAsync(exchange), committed);
    }

    /// <summary>Nobody asks any more what became of it.</summary>
    public void Forget(HandedOver handed) => waiters.Forget(handed.Id);

    /// <summary>False when it is not in the journal, or not in time.</summary>
    public async Task<bool> KeptAsync(HandedOver handed, CancellationToken gone)
    {
        waiters.Forget(handed.Id);
        return await SettlesAsync(handed.Kept, static () => false, gone) && await handed.Kept;
    }

    /// <summary>What became of it; null when the journal lost it, or the store did not take it in time.</summary>
    public async Task<DeliveryResult?> CommittedAsync(HandedOver handed, CancellationToken gone)
    {
        try
        {
            return await SettlesAsync(handed.Committed, () => IsLost(handed) || phase() is IngestPhase.Retrying or IngestPhase.Halted or IngestPhase.Stopped, gone)
                ? await handed.Committed
                : null;
        }
        finally
        {
            waiters.Forget(handed.Id);
        }
    }

    // False once there is no use in waiting longer: what waits for a disk that refuses is written when it takes it, and the producer asks again.
    private async Task<bool> SettlesAsync(Task settled, Func<bool> isInVain, CancellationToken gone)
    {
        var began = time.GetTimestamp();
        while (!settled.IsCompletedSuccessfully)
        {
            await Task.WhenAny(settled, Task.Delay(LookInterval, time, gone));
            gone.ThrowIfCancellationRequested();
            if (!settled.IsCompletedSuccessfully && (isInVain() || !recorder.IsWritable || time.GetElapsedTime(began) > CommitMax))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLost(HandedOver handed) => handed.Kept is { IsCompletedSuccessfully: true, Result: false };
}
