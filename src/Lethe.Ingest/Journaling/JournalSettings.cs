namespace Lethe.Ingest.Journaling;

/// <summary>Where the journal lives and how it is written.</summary>
public sealed record JournalSettings
{
    /// <summary>Created with mode 0700 when absent.</summary>
    public required string Directory { get; init; }

    /// <summary>A segment that has grown to this is closed, and a new one opened.</summary>
    public long SegmentBytesMax { get; init; } = 64L * 1024 * 1024;

    /// <summary>Relaxed durability: at most this long between a write and its fsync, and at least this long between two fsyncs.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>True: every batch is written and synced at once.</summary>
    public bool Strict { get; init; }

    /// <summary>How long the writer waits after a disk failure before it tries a new segment.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(1);
}
