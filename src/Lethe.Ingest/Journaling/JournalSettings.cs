namespace Lethe.Ingest.Journaling;

/// <summary>Where the journal lives and how it is written.</summary>
public sealed record JournalSettings
{
    /// <summary>Created with mode 0700 when absent.</summary>
    public required string Directory { get; init; }

    /// <summary>A segment whose files have grown to this together is closed, and a new one opened.</summary>
    public long SegmentBytesMax { get; init; } = 64L * 1024 * 1024;

    /// <summary>The journal's size on disk; what every consumer has passed goes first, oldest first. 0 is no bound.</summary>
    public long BytesMax { get; init; }

    /// <summary>Who must have passed a segment before it is sealed into its small form, and before it may leave.</summary>
    public IReadOnlyList<string> Consumers { get; init; } = ["ingest"];

    /// <summary>Relaxed durability: at most this long between a write and its sync, and at least this long between two syncs.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>True: what was written is synced at once.</summary>
    public bool Strict { get; init; }

    /// <summary>How long the writer waits after a disk failure before it tries again.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    internal JournalDisk Disk { get; init; } = JournalDisk.Real;
}
