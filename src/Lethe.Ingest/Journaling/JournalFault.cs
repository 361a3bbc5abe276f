namespace Lethe.Ingest.Journaling;

/// <summary>What is wrong with a line or a segment.</summary>
public enum JournalFaultKind
{
    /// <summary>The file ends inside a line, and it is not the live segment's end.</summary>
    Torn,

    /// <summary>A line that is no line of a journal.</summary>
    Malformed,

    /// <summary>The seal does not follow from the line's content and the line before.</summary>
    SealBroken,

    /// <summary>The line's number is not the next one.</summary>
    SequenceGap,

    /// <summary>A segment between two others, or the one that was asked for, is not there.</summary>
    SegmentMissing,

    /// <summary>A segment does not open with its header.</summary>
    HeaderMissing,

    /// <summary>A segment was written by a later version.</summary>
    UnknownVersion,

    /// <summary>The seal holds, but the content cannot be read back.</summary>
    Undecodable,

    /// <summary>A part or a close of an exchange that was never opened.</summary>
    Orphan,
}

/// <summary>One fault of a journal, where it is, and what was found. Never holds captured content.</summary>
public sealed record JournalFault(JournalFaultKind Kind, JournalPosition At, string Detail);
