namespace Lethe.Ingest.Journaling;

/// <summary>A place in the journal: segment number, byte offset of the line in it, and the line's number since the journal began.</summary>
public readonly record struct JournalPosition(long Segment, long Offset, long Sequence);
