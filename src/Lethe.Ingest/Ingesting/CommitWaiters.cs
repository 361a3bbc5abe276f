using System.Collections.Concurrent;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Ingesting;

/// <summary>Who waits for the commit of an exchange, by its id. Whoever is not told in time, or dies first, knows nothing of it: the delivery's key tells a second time.</summary>
public sealed class CommitWaiters
{
    private readonly ConcurrentDictionary<ExchangeId, TaskCompletionSource<DeliveryResult>> waiting = new();

    /// <summary>True while anybody waits.</summary>
    public bool IsAny => !waiting.IsEmpty;

    /// <summary>Completes with what became of the exchange, after its commit. To be called before it is handed over.</summary>
    public Task<DeliveryResult> Expect(ExchangeId id) =>
        waiting.GetOrAdd(id, static _ => new TaskCompletionSource<DeliveryResult>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Forget(ExchangeId id) => waiting.TryRemove(id, out _);

    /// <summary>Tells those whose exchanges were committed.</summary>
    public void Release(CommittedBatch batch)
    {
        for (var i = 0; i < batch.Results.Count && !waiting.IsEmpty; i++)
        {
            if (waiting.TryRemove(batch.Deliveries[i].Told.Exchange.Id, out var waiter))
            {
                waiter.TrySetResult(batch.Results[i]);
            }
        }
    }
}
