using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Meaning;

/// <summary>An exchange of which something is still kept, and where its words stand in the journal; null where they came without one.</summary>
internal readonly record struct HeldWords(string OrgId, CaptureClock Clock, JournalPosition? At);

/// <summary>How much goes when a session and its sub-agents are forgotten. Bytes are those of the bodies on the wire.</summary>
public sealed record ForgottenCounts(long Sessions, long Exchanges, long Messages, long Bytes)
{
    /// <summary>Exchanges on damaged lines of the journal: nobody can tell which of its bytes are their words.</summary>
    public long Unread { get; init; }
}

/// <summary>Sessions that are to be forgotten, as they were asked for together.</summary>
/// <param name="Sessions">As the store numbers them.</param>
/// <param name="AskedAt">Microseconds; what was said until then goes.</param>
/// <param name="UpTo">And what was stored until then, whatever its clock said.</param>
internal sealed record Forgetting(IReadOnlyList<long> Sessions, bool WithFacts, long AskedAt, long UpTo);
