using Lethe.Ingest.Journaling;
using Microsoft.Extensions.Logging;

namespace Lethe.Ingest;

/// <summary>Every log line of the memory. 1–19 the journal, 20–29 the recorder, 30 and on the store.</summary>
internal static partial class Log
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

    [LoggerMessage(14, LogLevel.Error, "The journal's disk does not answer; what it had not taken by now is lost")]
    public static partial void JournalLeft(ILogger logger);

    [LoggerMessage(20, LogLevel.Error, "Exchange {Exchange} could not be put into lines; it is lost")]
    public static partial void CaptureLost(ILogger logger, Lethe.Capture.Exchanges.ExchangeId exchange, Exception error);

    [LoggerMessage(21, LogLevel.Warning, "{Count} exchanges could not be written before the recorder stopped")]
    public static partial void DrainTimedOut(ILogger logger, int count);

    [LoggerMessage(30, LogLevel.Warning, "Ingest failed and is tried again in {PauseMilliseconds} ms; captures go on into the journal")]
    public static partial void IngestFailed(ILogger logger, double pauseMilliseconds, Exception error);

    [LoggerMessage(31, LogLevel.Error, "Exchange {Exchange} could not be interpreted; it is kept undecoded")]
    public static partial void InterpreterFailed(ILogger logger, Lethe.Capture.Exchanges.ExchangeId exchange, Exception error);

    [LoggerMessage(32, LogLevel.Warning, "Exchange {Exchange} was put aside as a dead letter: {Code}")]
    public static partial void DeadLetter(ILogger logger, Lethe.Capture.Exchanges.ExchangeId exchange, string code);

    [LoggerMessage(33, LogLevel.Debug, "Ingest stopped at {Position}")]
    public static partial void IngestStopped(ILogger logger, string position);

    [LoggerMessage(34, LogLevel.Error, "The journal goes on in a later version at {Position}: it is written on and not read ({Detail})")]
    public static partial void IngestHalted(ILogger logger, string position, string detail);

    [LoggerMessage(36, LogLevel.Error, "Ingest ends at {Position}: {Detail} Captures go on into the journal")]
    public static partial void IngestFenced(ILogger logger, string position, string detail);

    [LoggerMessage(35, LogLevel.Warning, "The store was last made of another journal ({Journal}); this one is read from its beginning")]
    public static partial void JournalIsAnother(ILogger logger, Guid journal);

    [LoggerMessage(60, LogLevel.Information, "Retention took the words of {Words} exchanges and the records of {Records}")]
    public static partial void Expired(ILogger logger, long words, long records);

    [LoggerMessage(61, LogLevel.Information, "{Sessions} sessions were forgotten, with the words of {Words} exchanges")]
    public static partial void Forgotten(ILogger logger, int sessions, long words);

    [LoggerMessage(63, LogLevel.Error, "{Exchanges} exchanges that were to be forgotten lie on damaged lines of the journal: their words could not be found")]
    public static partial void WordsNotFound(ILogger logger, long exchanges);

    [LoggerMessage(62, LogLevel.Error, "Retention or forgetting did not come to its end; it goes on at the next look")]
    public static partial void RetentionFailed(ILogger logger, Exception error);
}
