using System.Buffers.Text;

namespace Lethe.Ingest;

/// <summary>What the scheduler says of the calling thread: the time that has passed, and how long the thread has worked and waited for a processor.</summary>
internal readonly record struct ThreadTimes(TimeSpan Passed, TimeSpan Worked, TimeSpan Waited)
{
    private const string SchedulerStatistics = "/proc/thread-self/schedstat";

    /// <summary>Linux tells it; elsewhere no thread works or waits. https://docs.kernel.org/scheduler/sched-stats.html, «/proc/&lt;pid&gt;/schedstat»</summary>
    public static ThreadTimes Read()
    {
        // The scheduler counts in real time, whatever time the program lives in.
        var passed = TimeProvider.System.GetElapsedTime(0);
        if (!OperatingSystem.IsLinux() || !File.Exists(SchedulerStatistics))
        {
            return new ThreadTimes(passed, default, default);
        }

        ReadOnlySpan<byte> text = File.ReadAllBytes(SchedulerStatistics);
        return Utf8Parser.TryParse(text, out long worked, out var digits) && Utf8Parser.TryParse(text[(digits + 1)..], out long waited, out _)
            ? new ThreadTimes(passed, Nanoseconds(worked), Nanoseconds(waited))
            : new ThreadTimes(passed, default, default);
    }

    public static ThreadTimes operator -(ThreadTimes later, ThreadTimes earlier) =>
        new(later.Passed - earlier.Passed, later.Worked - earlier.Worked, later.Waited - earlier.Waited);

    private static TimeSpan Nanoseconds(long count) => new(count / TimeSpan.NanosecondsPerTick);
}
