namespace Lethe.Ingest.Keeping;

/// <summary>What went since the start of this process, in exchanges, and how the last look ended.</summary>
/// <param name="WordsExpired">Exchanges whose words retention took.</param>
/// <param name="RecordsRemoved">Exchanges whose rows went, and left their sums.</param>
/// <param name="WordsErased">Exchanges whose words went because their session was to be forgotten.</param>
/// <param name="LookedAt">Null before the first look.</param>
/// <param name="Failure">Why the last look did not come to its end; it is tried again. Null when it did.</param>
public sealed record KeepingState(long WordsExpired, long RecordsRemoved, long WordsErased, DateTimeOffset? LookedAt, string? Failure);
