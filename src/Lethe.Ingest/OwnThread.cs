namespace Lethe.Ingest;

/// <summary>Work that blocks goes on a thread of its own, for on one of the pool it would keep calls waiting.</summary>
internal static class OwnThread
{
    public static Task Start(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Blocks, on such a thread: a continuation would run on the pool, where the calls are served.</summary>
    public static void Wait(Task task) => task.GetAwaiter().GetResult();

    /// <inheritdoc cref="Wait(Task)"/>
    public static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
