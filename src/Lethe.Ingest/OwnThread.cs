namespace Lethe.Ingest;

/// <summary>Work that blocks goes on a thread of its own, for on one of the pool it would keep calls waiting.</summary>
internal static class OwnThread
{
    public static Task<T> Start<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static Task Start(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Blocks, on such a thread: a continuation would run on the pool, where the calls are served.</summary>
    public static void Wait(Task task)
    {
        Block(task);
        task.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Wait(Task)"/>
    public static T Wait<T>(Task<T> task)
    {
        Block(task);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Blocks for so long, to the millisecond above it. Throws <see cref="OperationCanceledException"/> when cancelled meanwhile.</summary>
    public static void Pause(TimeSpan pause, TimeProvider time, CancellationToken cancellation = default)
    {
        if (ReferenceEquals(time, TimeProvider.System))
        {
            // A timer would wake its own thread and one of the pool before this one.
            cancellation.WaitHandle.WaitOne((int)Math.Ceiling(pause.TotalMilliseconds));
            cancellation.ThrowIfCancellationRequested();
        }
        else
        {
            Wait(Task.Delay(pause, time, cancellation));
        }
    }

    // A task that is waited for in the ordinary way is spun on first, on a processor that the calls could use.
    private static void Block(Task task)
    {
        if (!task.IsCompleted)
        {
            ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
        }
    }
}
