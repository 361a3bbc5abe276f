namespace Lethe.Ingest.Journaling;

/// <summary>The sync's thread: many hand-overs to one sync, at once (<c>strict</c>) or no more often than the interval.</summary>
/// <param name="failed">Called when a sync fails, which the writer has to mend.</param>
internal sealed class JournalSyncing(SegmentSync sync, JournalHealth health, TimeSpan? interval, TimeProvider time, Action<Exception> failed) : IDisposable
{
    private readonly SemaphoreSlim handedOver = new(0);
    private volatile bool isHurried;
    private volatile bool isWritten;

    /// <summary>There is something to sync.</summary>
    public void HandedOver() => handedOver.Release();

    /// <summary>From now on nobody saves syncs.</summary>
    public void Hurry() => isHurried = true;

    /// <summary>Nothing more is handed over.</summary>
    public void Complete()
    {
        isWritten = true;
        handedOver.Release();
    }

    /// <summary>Runs until everything is on disk that ever will be.</summary>
    public void Run()
    {
        var syncedAt = time.GetTimestamp();
        while (!health.IsDead)
        {
            handedOver.Wait();
            while (handedOver.Wait(0))
            {
                // Many hand-overs need one sync.
            }

            if (!health.HasFailed && sync.HasUnsynced)
            {
                WaitUntilDue(syncedAt);
                TrySync();
                syncedAt = time.GetTimestamp();
            }

            if (isWritten && (health.HasFailed || !sync.HasUnsynced))
            {
                return;
            }
        }
    }

    public void Dispose() => handedOver.Dispose();

    private void TrySync()
    {
        try
        {
            sync.Sync();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            failed(error);
        }
    }

    private void WaitUntilDue(long syncedAt)
    {
        var rest = interval - time.GetElapsedTime(syncedAt);
        if (rest > TimeSpan.Zero && !isHurried)
        {
            OwnThread.Pause(rest.Value, time);
        }
    }
}
