namespace Lethe.Ingest.Verifying;

/// <summary>What is off in a store.</summary>
public enum VerifyFaultKind
{
    /// <summary>SQLite's own integrity check.</summary>
    Integrity,

    /// <summary>A row that names one that is not there.</summary>
    ForeignKey,

    /// <summary>A session's counter is not the sum over its exchanges.</summary>
    Counter,

    /// <summary>A message whose place in the tree is wrong, or whose parent is not a member where it is.</summary>
    Chain,

    /// <summary>An exchange without the receipt that keeps it from being counted again.</summary>
    Receipt,

    /// <summary>A placeholder that nobody names, or that has exchanges.</summary>
    Placeholder,

    /// <summary>A link across organisations, or in a circle.</summary>
    Parent,

    /// <summary>An attempt that is not numbered as its group demands.</summary>
    Attempt,

    /// <summary>In the journal, not in the store.</summary>
    Missing,

    /// <summary>In the store, not in the journal, which holds the segment that it was read from.</summary>
    Unjournalled,

    /// <summary>In both, with different content.</summary>
    Mismatch,

    /// <summary>The journal itself is damaged.</summary>
    Journal,
}

/// <summary>One fault: its kind, what it is about, and what was found against what was expected.</summary>
public sealed record VerifyFault(VerifyFaultKind Kind, string Subject, string Detail);
