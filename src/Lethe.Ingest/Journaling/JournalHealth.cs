using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Journaling;

/// <summary>Whether the disk takes what the journal gives it; told in the log and counted when that changes. Thread-safe.</summary>
internal sealed class JournalHealth(ILogger logger)
{
    private volatile bool hasFailed;
    private volatile bool isStalled;
    private volatile bool isDead;

    /// <summary>False while nobody should wait for the disk.</summary>
    public bool IsWritable => !hasFailed && !isStalled && !isDead;

    /// <summary>True from a failure until everything that was held has been written again.</summary>
    public bool HasFailed => hasFailed;

    /// <summary>True once nothing is written any more.</summary>
    public bool IsDead => isDead;

    public void Fail(Exception error)
    {
        if (!hasFailed)
        {
            hasFailed = true;
            IngestMeter.JournalFailures.Add(1);
        }

        JournalLog.JournalFailed(logger, error);
    }

    public void Heal(long segment)
    {
        hasFailed = false;
        JournalLog.JournalHealed(logger, segment);
    }

    /// <summary>A call to the disk has not come back for so long.</summary>
    public void Stall(TimeSpan since)
    {
        if (!isStalled)
        {
            isStalled = true;
            IngestMeter.JournalFailures.Add(1);
            JournalLog.JournalStalled(logger, since.TotalSeconds);
        }
    }

    /// <summary>It has come back.</summary>
    public void GoOn()
    {
        isStalled = false;
        JournalLog.JournalAnswersAgain(logger);
    }

    public void Die(Exception error)
    {
        isDead = true;
        JournalLog.JournalStopped(logger, error);
    }

    /// <summary>The process ends before the disk has answered.</summary>
    public void Leave()
    {
        isDead = true;
        JournalLog.JournalLeft(logger);
    }
}
