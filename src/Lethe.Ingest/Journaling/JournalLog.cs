using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Journaling;

/// <summary>Every log line of the journal, 1–19.</summary>
internal static partial class JournalLog
{
    [LoggerMessage(1, LogLevel.Warning, "Journal segment {Segment} ended in lines that had not reached the disk whole; {Bytes} bytes were cut")]
    public static partial void JournalCut(ILogger logger, long segment, long bytes);

    [LoggerMessage(2, LogLevel.Error, "The journal is damaged ({Kind}) at {At}: {Detail}")]
    public static partial void JournalDamaged(ILogger logger, JournalFaultKind kind, JournalPosition at, string detail);

    [LoggerMessage(3, LogLevel.Warning, "{Count} exchanges were open when the last recorder stopped; they are kept as far as they were heard")]
    public static partial void ExchangesInterrupted(ILogger logger, int count);

    [LoggerMessage(4, LogLevel.Error, "The journal cannot be written; captures wait in memory and calls go on")]
    public static partial void JournalFailed(ILogger logger, Exception error);

    [LoggerMessage(5, LogLevel.Information, "The journal is written again, in segment {Segment}")]
    public static partial void JournalHealed(ILogger logger, long segment);

    [LoggerMessage(6, LogLevel.Debug, "A file of journal segment {Segment} was sealed from {Before} to {After} bytes")]
    public static partial void SegmentSealed(ILogger logger, long segment, long before, long after);

    [LoggerMessage(7, LogLevel.Warning, "Journal segment {Segment} could not be sealed, or let go; it stays as it is")]
    public static partial void SealingFailed(ILogger logger, long segment, Exception error);

    [LoggerMessage(9, LogLevel.Debug, "Journal segment {Segment} is sealed after the next start")]
    public static partial void SealingLeft(ILogger logger, long segment);

    [LoggerMessage(10, LogLevel.Information, "Journal segment {Segment} has left, for the journal was over its bound")]
    public static partial void SegmentLeft(ILogger logger, long segment);

    [LoggerMessage(11, LogLevel.Error, "An erasure that was begun could not be finished; it goes on at the next start")]
    public static partial void ErasureLeft(ILogger logger, Exception error);

    [LoggerMessage(8, LogLevel.Critical, "The journal's writer has stopped; nothing is recorded any more")]
    public static partial void JournalStopped(ILogger logger, Exception error);

    [LoggerMessage(12, LogLevel.Error, "The journal's disk has not answered for {Seconds} s; captures wait in memory and calls go on without it")]
    public static partial void JournalStalled(ILogger logger, double seconds);

    [LoggerMessage(13, LogLevel.Information, "The journal's disk answers again")]
    public static partial void JournalAnswersAgain(ILogger logger);

    [LoggerMessage(15, LogLevel.Warning, "The journal is {State}; {Bytes} bytes of closed segments wait for whoever reads them, of {BytesMax} that it may hold")]
    public static partial void JournalBound(ILogger logger, string state, long bytes, long bytesMax);

    [LoggerMessage(14, LogLevel.Error, "The journal's disk does not answer; what it had not taken by now is lost")]
    public static partial void JournalLeft(ILogger logger);
}
