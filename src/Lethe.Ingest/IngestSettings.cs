namespace Lethe.Ingest;

/// <summary>How much goes into one transaction, and how a store that refuses is met.</summary>
public sealed record IngestSettings
{
    /// <summary>The more exchanges share a transaction, the fewer pages each of them costs; a worker that keeps up has small batches anyhow.</summary>
    public int BatchCountMax { get; init; } = 8192;

    /// <summary>Kept body bytes of one batch, both directions; a batch holds at least one exchange.</summary>
    public long BatchBytesMax { get; init; } = 16L * 1024 * 1024;

    /// <summary>The first wait after the store refused; doubled each time up to <see cref="RetryPauseMax"/>.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan RetryPauseMax { get; init; } = TimeSpan.FromSeconds(5);
}
