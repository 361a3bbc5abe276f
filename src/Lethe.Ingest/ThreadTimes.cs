namespace Lethe.Ingest;

/// <summary>What the scheduler says of a thread: the time that has passed, and how long the thread has worked and waited for a processor.</summary>
internal readonly record struct ThreadTimes(TimeSpan Passed, TimeSpan Worked, TimeSpan Waited)
{
    public static ThreadTimes operator -(ThreadTimes later, ThreadTimes earlier) =>
        new(later.Passed - earlier.Passed, later.Worked - earlier.Worked, later.Waited - earlier.Waited);
}
