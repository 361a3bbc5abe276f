using Microsoft.Extensions.Logging;

namespace Lethe.Ingest;

/// <summary>Every log line of the memory. 20–29 the recorder, 30 and on the store; 1–19 are the journal's own.</summary>
internal static partial class Log
{
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

    [LoggerMessage(50, LogLevel.Warning, "Indexing what was said failed and is tried again in {PauseMilliseconds} ms; searches find what was indexed before")]
    public static partial void IndexingFailed(ILogger logger, double pauseMilliseconds, Exception error);

    [LoggerMessage(60, LogLevel.Information, "Retention took the words of {Words} exchanges and the records of {Records}")]
    public static partial void Expired(ILogger logger, long words, long records);

    [LoggerMessage(61, LogLevel.Information, "{Sessions} sessions were forgotten, with the words of {Words} exchanges")]
    public static partial void Forgotten(ILogger logger, int sessions, long words);

    [LoggerMessage(63, LogLevel.Error, "{Exchanges} exchanges that were to be forgotten lie on damaged lines of the journal: their words could not be found")]
    public static partial void WordsNotFound(ILogger logger, long exchanges);

    [LoggerMessage(62, LogLevel.Error, "Retention or forgetting did not come to its end; it goes on at the next look")]
    public static partial void RetentionFailed(ILogger logger, Exception error);
}
