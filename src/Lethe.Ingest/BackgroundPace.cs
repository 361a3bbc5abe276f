using System.Buffers.Text;

namespace Lethe.Ingest;

/// <summary>
/// Lets a thread of background work take only what the calls leave of the machine: when it had to wait for a processor, it rests for a multiple of
/// what it worked, instead of competing. A lower priority would do worse, for the collector has to wait for every thread. Linux tells the waiting;
/// elsewhere nobody rests. https://docs.kernel.org/scheduler/sched-stats.html, «/proc/&lt;pid&gt;/schedstat»
/// </summary>
/// <param name="read">How long the calling thread has worked, and waited for a processor, since it began.</param>
internal sealed class BackgroundPace(Func<(TimeSpan Worked, TimeSpan Waited)> read)
{
    private const string SchedulerStatistics = "/proc/thread-self/schedstat";

    /// <summary>How much longer than it worked a contended thread rests: it takes a tenth of one processor.</summary>
    private const int RestFactor = 9;

    /// <summary>A thread that waited for more than this part of its work is contended.</summary>
    private const double WaitShareMax = 0.08;

    /// <summary>Less work than this tells nothing of the waiting.</summary>
    private static readonly TimeSpan WorkMin = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan RestMax = TimeSpan.FromSeconds(1);

    /// <summary>So much work is done at once: what a few agents say is to be seen at once, whatever else the machine does.</summary>
    private static readonly TimeSpan WorkFree = TimeSpan.FromSeconds(1);

    private (TimeSpan Worked, TimeSpan Waited) before;
    private TimeSpan busy;

    public BackgroundPace()
        : this(ReadScheduler)
    {
    }

    /// <summary>Between two slices of work, always on the same thread: rests when the slices since the last look were contended.</summary>
    public void GiveWay(CancellationToken stopping)
    {
        var rest = RestDue();
        if (rest > TimeSpan.Zero)
        {
            stopping.WaitHandle.WaitOne(rest);
        }
    }

    /// <summary>Nothing is left to do: what comes next is done at once again.</summary>
    public void CaughtUp() => busy = TimeSpan.Zero;

    /// <summary>What the work since the last look has to be followed by.</summary>
    public TimeSpan RestDue()
    {
        var now = read();
        var worked = now.Worked - before.Worked;
        if (worked < WorkMin)
        {
            return TimeSpan.Zero;
        }

        var isContended = now.Waited - before.Waited > worked * WaitShareMax;
        before = now;
        busy += worked;
        var rest = isContended && busy >= WorkFree ? worked * RestFactor : TimeSpan.Zero;
        return rest < RestMax ? rest : RestMax;
    }

    private static (TimeSpan Worked, TimeSpan Waited) ReadScheduler()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(SchedulerStatistics))
        {
            return default;
        }

        ReadOnlySpan<byte> text = File.ReadAllBytes(SchedulerStatistics);
        return Utf8Parser.TryParse(text, out long worked, out var digits) && Utf8Parser.TryParse(text[(digits + 1)..], out long waited, out _)
            ? (Nanoseconds(worked), Nanoseconds(waited))
            : default;
    }

    private static TimeSpan Nanoseconds(long count) => new(count / TimeSpan.NanosecondsPerTick);
}
