namespace Lethe.Ingest.Journaling;

/// <summary>A place in the journal: segment number, byte offset of the line in it, and the line's number since the journal began. The default is the beginning.</summary>
public readonly record struct JournalPosition(long Segment, long Offset, long Sequence)
{
    public bool IsBefore(JournalPosition other) => Segment != other.Segment ? Segment < other.Segment : Offset < other.Offset;

    public override string ToString() => string.Create(null, $"{Segment}:{Offset}:{Sequence}");
}
