using Microsoft.Win32.SafeHandles;

namespace Lethe.Ingest.Journaling;

/// <summary>Notices a call to the disk that does not come back, which no error ever tells of. One writes at a time, and one syncs.</summary>
internal sealed class DiskWatch : IDisposable
{
    private const int LooksInStallMax = 4;

    private readonly TimeProvider time;
    private readonly TimeSpan stallMax;
    private readonly Action<TimeSpan> stalled;
    private readonly Action answered;
    private readonly ITimer timer;
    private volatile TaskCompletionSource stall = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // When the call began that is under way; 0 when there is none.
    private long writingSince;
    private long syncingSince;

    /// <param name="stalled">Called again and again while a call takes longer than <paramref name="stallMax"/>.</param>
    /// <param name="answered">Called when it has come back after all.</param>
    public DiskWatch(TimeProvider time, TimeSpan stallMax, Action<TimeSpan> stalled, Action answered)
    {
        this.time = time;
        this.stallMax = stallMax;
        this.stalled = stalled;
        this.answered = answered;
        timer = time.CreateTimer(static watch => ((DiskWatch)watch!).Look(), this, stallMax / LooksInStallMax, stallMax / LooksInStallMax);
    }

    /// <summary>Completes when a call has not come back in time.</summary>
    public Task Stalled => stall.Task;

    /// <summary>The same disk, watched.</summary>
    public JournalDisk Over(JournalDisk disk) => disk with
    {
        Create = path => Watched(ref writingSince, () => disk.Create(path)),
        Write = (file, buffers, offset) => Write(disk, file, buffers, offset),
        Sync = file => Watched(ref syncingSince, () => disk.Sync(file)),
        SetLength = (file, length) => Watched(ref syncingSince, () => disk.SetLength(file, length)),
        Delete = path => Watched(ref writingSince, () => disk.Delete(path)),
        SyncDirectory = directory => Watched(ref syncingSince, () => disk.SyncDirectory(directory)),
    };

    public void Dispose() => timer.Dispose();

    private void Write(JournalDisk disk, SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
    {
        Volatile.Write(ref writingSince, Now());
        try
        {
            disk.Write(file, buffers, offset);
        }
        finally
        {
            Volatile.Write(ref writingSince, 0);
        }
    }

    private void Watched(ref long since, Action call) => Watched(ref since, () =>
    {
        call();
        return true;
    });

    private T Watched<T>(ref long since, Func<T> call)
    {
        Volatile.Write(ref since, Now());
        try
        {
            return call();
        }
        finally
        {
            Volatile.Write(ref since, 0);
        }
    }

    private long Now() => Math.Max(1, time.GetTimestamp());

    private void Look()
    {
        var longest = Longer(Since(ref writingSince), Since(ref syncingSince));
        if (longest >= stallMax)
        {
            stalled(longest);
            stall.TrySetResult();
        }
        else if (stall.Task.IsCompleted)
        {
            stall = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            answered();
        }
    }

    private TimeSpan Since(ref long began) => Volatile.Read(ref began) is not 0 and var at ? time.GetElapsedTime(at) : TimeSpan.Zero;

    private static TimeSpan Longer(TimeSpan first, TimeSpan second) => first > second ? first : second;
}
