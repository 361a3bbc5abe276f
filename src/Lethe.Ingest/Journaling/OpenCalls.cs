using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>The calls that are open now, each as the sum of its lines. Changes can be taken back until they are durable. Not thread-safe.</summary>
internal sealed class OpenCalls(IEnumerable<JournaledCall> begun) : IDisposable
{
    private readonly Dictionary<ExchangeId, JournaledCall> calls = begun.ToDictionary(call => call.Id);
    private readonly Dictionary<ExchangeId, RopeBuilder> requests = [];
    private readonly List<Change> changes = [];

    public IEnumerable<JournaledCall> All => calls.Values;

    /// <summary>The request so far; null when the call was opened by an earlier process.</summary>
    public RopeBuilder? RequestOf(ExchangeId id) => requests.GetValueOrDefault(id);

    public void Opened(JournaledCall call, RopeBuilder request, long sequence)
    {
        Set(call.Id, call with { Wrote = null }, sequence);
        DropRequest(call.Id);
        requests[call.Id] = request;
    }

    public void Grew(JournaledCall part, long sequence) => Set(part.Id, Sum(part), sequence);

    /// <summary>Ends a call and tells all of it.</summary>
    public JournaledCall Closed(JournaledCall last, long sequence)
    {
        var whole = Sum(last);
        Set(last.Id, null, sequence);
        DropRequest(last.Id);
        return whole;
    }

    /// <summary>Changes of lines before this number are for good.</summary>
    public void Settle(long sequence) => changes.RemoveAll(change => change.Sequence < sequence);

    /// <summary>Takes back the changes of lines from this number on.</summary>
    public void RollBack(long sequence)
    {
        for (var i = changes.Count - 1; i >= 0 && changes[i].Sequence >= sequence; i--)
        {
            if (changes[i].Before is { } before)
            {
                calls[changes[i].Id] = before;
            }
            else
            {
                calls.Remove(changes[i].Id);
            }

            changes.RemoveAt(i);
        }
    }

    public void Dispose()
    {
        foreach (var request in requests.Values)
        {
            request.Dispose();
        }

        requests.Clear();
    }

    private JournaledCall Sum(JournaledCall later) => calls.TryGetValue(later.Id, out var earlier) ? earlier.With(later) : later;

    private void Set(ExchangeId id, JournaledCall? call, long sequence)
    {
        changes.Add(new Change(sequence, id, calls.GetValueOrDefault(id)));
        if (call is null)
        {
            calls.Remove(id);
        }
        else
        {
            calls[id] = call;
        }
    }

    private void DropRequest(ExchangeId id)
    {
        if (requests.Remove(id, out var request))
        {
            request.Dispose();
        }
    }

    private readonly record struct Change(long Sequence, ExchangeId Id, JournaledCall? Before);
}
