using System.Buffers.Text;
using Microsoft.Win32.SafeHandles;

namespace Lethe.Ingest;

/// <summary>
/// The scheduler's account of the thread that opened it. The file is opened once: a look takes no file descriptor, and never fails.
/// Linux tells it; elsewhere no thread works or waits. https://docs.kernel.org/scheduler/sched-stats.html, «/proc/&lt;pid&gt;/schedstat»
/// </summary>
internal sealed class SchedulerStatistics : IDisposable
{
    private const string OfTheCaller = "/proc/thread-self/schedstat";
    private const int TextBytesMax = 96;

    private readonly SafeFileHandle? file;

    private SchedulerStatistics(SafeFileHandle? file) => this.file = file;

    public static SchedulerStatistics OfThisThread()
    {
        try
        {
            return new SchedulerStatistics(OperatingSystem.IsLinux() && File.Exists(OfTheCaller) ? File.OpenHandle(OfTheCaller) : null);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return new SchedulerStatistics(null);
        }
    }

    public ThreadTimes Read()
    {
        // The scheduler counts in real time, whatever time the program lives in.
        var passed = TimeProvider.System.GetElapsedTime(0);
        Span<byte> text = stackalloc byte[TextBytesMax];
        return TryRead(text, out var length)
            && Utf8Parser.TryParse(text[..length], out long worked, out var digits)
            && digits < length
            && Utf8Parser.TryParse(text[(digits + 1)..length], out long waited, out _)
            ? new ThreadTimes(passed, Nanoseconds(worked), Nanoseconds(waited))
            : new ThreadTimes(passed, default, default);
    }

    public void Dispose() => file?.Dispose();

    private bool TryRead(Span<byte> into, out int length)
    {
        length = 0;
        if (file is null)
        {
            return false;
        }

        try
        {
            length = RandomAccess.Read(file, into, fileOffset: 0);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static TimeSpan Nanoseconds(long count) => new(count / TimeSpan.NanosecondsPerTick);
}
