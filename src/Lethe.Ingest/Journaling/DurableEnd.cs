namespace Lethe.Ingest.Journaling;

/// <summary>How far the journal is on disk, and who waits for more. Thread-safe.</summary>
internal sealed class DurableEnd(JournalPosition start)
{
    private readonly Lock gate = new();
    private TaskCompletionSource advanced = NewSignal();
    private JournalPosition end = start;
    private long bodies;

    /// <summary>The end of the lines, and that of the bodies in the same segment.</summary>
    public (JournalPosition Lines, long Bodies) Ends
    {
        get
        {
            lock (gate)
            {
                return (end, bodies);
            }
        }
    }

    public void Advance(JournalPosition lines, long bodiesEnd)
    {
        TaskCompletionSource reached;
        lock (gate)
        {
            (end, bodies) = (lines, bodiesEnd);
            (reached, advanced) = (advanced, NewSignal());
        }

        reached.TrySetResult();
    }

    /// <summary>Completes when something durable stands at or behind <paramref name="position"/>; a sync that adds nothing may complete it too.</summary>
    public Task WaitAsync(JournalPosition position, CancellationToken cancellation)
    {
        lock (gate)
        {
            return position.IsBefore(end) ? Task.CompletedTask : advanced.Task.WaitAsync(cancellation);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
