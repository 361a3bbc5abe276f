namespace Lethe.Ingest.Journaling;

/// <summary>A segment that is being written, or waits for its last sync.</summary>
internal sealed record LiveSegment(long Number, FileStream Lines, FileStream Bodies)
{
    /// <summary>True once its name is durable.</summary>
    public bool IsNamed { get; set; }

    public void Close()
    {
        Lines.Dispose();
        Bodies.Dispose();
    }
}

/// <summary>An end of the journal: of its lines, of the bodies in the same segment, and the seal of its last line.</summary>
internal readonly record struct SealedEnd(JournalPosition Lines, long Bodies, byte[] Seal);
