using System.Buffers.Text;
using System.Text;

namespace Lethe.Ingest;

/// <summary>
/// Lets a thread of background work take only what the calls leave of the machine: when it had to wait for a processor, it rests for a multiple of
/// what it worked, instead of competing. A lower priority would do worse, for the collector has to wait for every thread. Linux tells the waiting;
/// elsewhere nobody rests. https://docs.kernel.org/scheduler/sched-stats.html, «/proc/&lt;pid&gt;/schedstat»
/// </summary>
internal sealed class BackgroundPace
{
    private const string SchedulerStatistics = "/proc/thread-self/schedstat";

    /// <summary>How much longer than it worked a contended thread rests: it takes a tenth of one processor.</summary>
    private const int RestFactor = 9;

    /// <summary>A thread that waited for more than this part of its work is contended.</summary>
    private const double WaitShareMax = 0.08;

    /// <summary>Less work than this tells nothing of the waiting.</summary>
    private static readonly TimeSpan WorkMin = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan RestMax = TimeSpan.FromSeconds(1);

    private (TimeSpan Worked, TimeSpan Waited) before;

    /// <summary>Between two slices of work, always on the same thread: rests when the slices since the last look were contended.</summary>
    public void GiveWay(CancellationToken stopping)
    {
        var now = Read();
        var worked = now.Worked - before.Worked;
        if (worked < WorkMin)
        {
            return;
        }

        var isContended = now.Waited - before.Waited > worked * WaitShareMax;
        before = now;
        if (isContended)
        {
            var rest = worked * RestFactor;
            stopping.WaitHandle.WaitOne(rest < RestMax ? rest : RestMax);
        }
    }

    private static (TimeSpan Worked, TimeSpan Waited) Read()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(SchedulerStatistics))
        {
            return default;
        }

        ReadOnlySpan<byte> text = Encoding.ASCII.GetBytes(File.ReadAllText(SchedulerStatistics));
        return Utf8Parser.TryParse(text, out long worked, out var digits) && Utf8Parser.TryParse(text[(digits + 1)..], out long waited, out _)
            ? (Nanoseconds(worked), Nanoseconds(waited))
            : default;
    }

    private static TimeSpan Nanoseconds(long count) => new(count / TimeSpan.NanosecondsPerTick);
}
