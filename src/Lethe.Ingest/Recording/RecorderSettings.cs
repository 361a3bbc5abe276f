namespace Lethe.Ingest.Recording;

/// <summary>The bounds of recording.</summary>
public sealed record RecorderSettings
{
    /// <summary>How much of each direction is kept.</summary>
    public long BodyBytesMax { get; init; } = 64L * 1024 * 1024;

    /// <summary>How much may wait for the disk, over all calls.</summary>
    public long PendingBytesMax { get; init; } = 256L * 1024 * 1024;

    /// <summary>A call that is open for longer is written as it goes, and again each time so long has passed.</summary>
    public TimeSpan PartInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A call with more than this unwritten is written as it goes.</summary>
    public int PartBytes { get; init; } = 256 * 1024;
}
