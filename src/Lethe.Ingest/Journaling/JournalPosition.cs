namespace Lethe.Ingest.Journaling;

/// <summary>
/// A place in one journal: the journal's id, the segment's number, the byte offset of the line in it, and the line's number since the journal began.
/// The default is the beginning of whatever journal is read.
/// </summary>
public readonly record struct JournalPosition(Guid Journal, long Segment, long Offset, long Sequence)
{
    /// <summary>Order within one journal.</summary>
    public bool IsBefore(JournalPosition other) => Segment != other.Segment ? Segment < other.Segment : Offset < other.Offset;

    public override string ToString() => string.Create(null, $"{Segment}:{Offset}:{Sequence}");
}
