namespace Lethe.Ingest.Journaling;

/// <summary>The writer's thread: hands over what is posted as it comes, and tries again for as long as the disk refuses.</summary>
/// <param name="handedOver">Called when there is something to sync.</param>
/// <param name="stopping">Once cancelled, a disk that refuses is not waited for.</param>
internal sealed class JournalWriting(
    EntryQueue entries, SegmentWriter writer, SegmentSync sync, JournalHealth health, TimeSpan retryInterval, TimeProvider time, Action handedOver, CancellationToken stopping)
{
    /// <summary>A disk that refuses is tried so often, at once, when the time for trying is over.</summary>
    private const int LastTries = 4;

    /// <summary>Runs until nothing is posted any more and the live segment is ended.</summary>
    public void Run()
    {
        while (entries.Wait() && !health.IsDead)
        {
            Try(HandOver);
        }

        Try(writer.Seal);
    }

    private void Try(Action work)
    {
        try
        {
            work();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Retry(error);
        }
    }

    private void HandOver()
    {
        while (entries.TryTake(out var entry))
        {
            if (entry is SealEntry seal)
            {
                EndSegment(seal);
            }
            else if (entry is FailedSync failed)
            {
                Retry(failed.Error);
            }
            else
            {
                writer.Add(entry);
            }
        }

        writer.HandOver();
        handedOver();
    }

    private void EndSegment(SealEntry asked)
    {
        try
        {
            writer.Seal();
            asked.Settle(sync.Durable.Lines);
        }
        finally
        {
            // Whoever was not told by now waits for nothing any more.
            asked.Delay();
        }
    }

    /// <summary>After a failure in either thread: tries again until the disk takes all that is held, or until the end.</summary>
    private void Retry(Exception first)
    {
        if (!health.HasFailed)
        {
            health.Fail(first);
            sync.Delay();
        }

        for (var lastTries = 0; ;)
        {
            try
            {
                TakeAndDelay();
                writer.Abandon();
                writer.Rewrite();
                break;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                health.Fail(error);
                if (stopping.IsCancellationRequested && ++lastTries >= LastTries)
                {
                    return;
                }
            }

            Rest();
        }

        health.Heal(sync.Durable.Lines.Segment);
    }

    /// <summary>Those who came in while the disk failed wait for it no more than those who come in now.</summary>
    private void TakeAndDelay()
    {
        while (entries.TryTake(out var entry))
        {
            entry.Delay();
            if (entry is not (FailedSync or SealEntry))
            {
                writer.Hold(entry);
            }
        }
    }

    private void Rest()
    {
        try
        {
            OwnThread.Pause(retryInterval, time, stopping);
        }
        catch (OperationCanceledException)
        {
            // The last tries come at once.
        }
    }
}
