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

    /// <summary>A segment, or the place that was asked for, is not there.</summary>
    Missing,

    /// <summary>A segment does not open with its header.</summary>
    HeaderMissing,

    /// <summary>A later version wrote it. Who does not know it must not pass it.</summary>
    UnknownVersion,

    /// <summary>The seal holds, but the content cannot be read back.</summary>
    Undecodable,

    /// <summary>A file, or a frame of a sealed one, cannot be read.</summary>
    Unreadable,

    /// <summary>What was said is not there where the line says.</summary>
    BodyMissing,

    /// <summary>What was said is not what the line commits to.</summary>
    BodyMismatch,

    /// <summary>The journal's id is not the one that its segments name.</summary>
    WrongJournal,

    /// <summary>The journal ends before the place that an anchor was taken at.</summary>
    Truncated,

    /// <summary>The chain at an anchor's place is another one.</summary>
    Rewritten,
}

/// <summary>One fault of a journal, where it is, and what was found. Never holds captured content.</summary>
public sealed record JournalFault(JournalFaultKind Kind, JournalPosition At, string Detail);
