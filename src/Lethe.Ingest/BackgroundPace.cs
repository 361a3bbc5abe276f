namespace Lethe.Ingest;

/// <summary>
/// Lets a thread of background work take only what the calls leave of the machine: work that had to wait for a processor is paid from an allowance,
/// and when that is used up the thread rests, instead of competing. A lower priority would do worse, for the collector has to wait for every thread.
/// Where nobody tells the waiting, nobody rests.
/// </summary>
internal sealed class BackgroundPace(Func<ThreadTimes> read) : IDisposable
{
    /// <summary>What a contended thread gets of one processor in the long run: the allowance grows by this part of the time that passes.</summary>
    private const double Share = 0.05;

    /// <summary>A thread that waited for more than this part of its work is contended.</summary>
    private const double WaitShareMax = 0.08;

    /// <summary>So much work is done at once: what a few agents say is to be seen at once, whatever else the machine does.</summary>
    private static readonly TimeSpan AllowanceMax = TimeSpan.FromSeconds(1);

    /// <summary>Less work than this tells nothing of the waiting.</summary>
    private static readonly TimeSpan WorkMin = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan RestMax = TimeSpan.FromSeconds(1);

    private readonly SchedulerStatistics? statistics;
    private ThreadTimes before = read();
    private TimeSpan allowance = AllowanceMax;

    /// <summary>Of the thread that calls, which is the one to give way.</summary>
    public BackgroundPace()
        : this(SchedulerStatistics.OfThisThread())
    {
    }

    private BackgroundPace(SchedulerStatistics statistics)
        : this(statistics.Read) => this.statistics = statistics;

    /// <summary>Between two slices of work, always on the same thread: rests when the slices since the last look were contended.</summary>
    public void GiveWay(CancellationToken stopping)
    {
        var rest = RestDue();
        if (rest > TimeSpan.Zero)
        {
            stopping.WaitHandle.WaitOne(rest);
        }
    }

    public void Dispose() => statistics?.Dispose();

    /// <summary>What the work since the last look has to be followed by.</summary>
    public TimeSpan RestDue()
    {
        var now = read();
        var (passed, worked, waited) = now - before;
        if (worked < WorkMin)
        {
            return TimeSpan.Zero;
        }

        before = now;
        var grown = allowance + (passed * Share);
        allowance = grown < AllowanceMax ? grown : AllowanceMax;
        if (waited <= worked * WaitShareMax)
        {
            return TimeSpan.Zero;
        }

        allowance -= worked;
        var rest = allowance < TimeSpan.Zero ? -allowance / Share : TimeSpan.Zero;
        return rest < RestMax ? rest : RestMax;
    }
}
