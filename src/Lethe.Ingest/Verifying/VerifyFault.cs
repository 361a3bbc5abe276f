namespace Lethe.Ingest.Verifying;

/// <summary>What is off in a store.</summary>
public enum VerifyFaultKind
{
    /// <summary>What the database itself tells to be damaged.</summary>
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

    /// <summary>In the store, and in no journal.</summary>
    Unjournalled,

    /// <summary>In both, by receipts of different content.</summary>
    Mismatch,

    /// <summary>A row that does not say what the journal says.</summary>
    Content,

    /// <summary>The journal itself is damaged; the reason is the kind of damage.</summary>
    Journal,

    /// <summary>The journal is not the one, or no longer holds what, an anchor was taken of.</summary>
    Anchor,
}

/// <summary>One fault: its kind, what it is about, and what was found against what was expected.</summary>
/// <param name="Reason">Within the kind, a stable word in snake case: the kind of damage, the member of a record; null where the kind says all.</param>
public sealed record VerifyFault(VerifyFaultKind Kind, string Subject, string Detail, string? Reason = null);
