namespace Lethe.Ingest.Ingesting;

/// <summary>How much goes into one transaction, how far ingest may fall behind for the sake of the calls, and how a fault is met.</summary>
public sealed record IngestSettings
{
    /// <summary>The more exchanges share a transaction, the fewer pages each of them costs; a worker that keeps up has small batches anyhow.</summary>
    public int BatchCountMax { get; init; } = 8192;

    /// <summary>Kept body bytes of one batch, both directions; a batch holds at least one exchange.</summary>
    public long BatchBytesMax { get; init; } = 16L * 1024 * 1024;

    /// <summary>An exchange that ended longer ago than this is taken in with all that the machine has; a younger one gives way to calls.</summary>
    public TimeSpan LagMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>While more than this waits in the journal, nothing gives way.</summary>
    public long LagBytesMax { get; init; } = 256L * 1024 * 1024;

    /// <summary>True while somebody waits until what is in the journal is committed: then nothing gives way.</summary>
    public Func<bool> IsAwaited { get; init; } = static () => false;

    /// <summary>The first wait after a fault; doubled each time up to <see cref="RetryPauseMax"/>.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan RetryPauseMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What is made of a wait, so that many who failed at once do not come back at once.</summary>
    public Func<TimeSpan, TimeSpan> Spread { get; init; } = static pause => pause;
}
