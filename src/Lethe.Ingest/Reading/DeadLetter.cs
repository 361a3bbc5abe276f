using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Reading;

/// <summary>A delivery that could not be stored, or a line of the journal that could not be read.</summary>
/// <param name="Key">Its commit key; <c>journal:</c> and the place for a line that could not be read.</param>
/// <param name="ExchangeId">Null for a line that could not be read.</param>
/// <param name="Code"><c>idempotency_conflict</c>, <c>DB_CONSTRAINT</c>, <c>JOURNAL_UNDECODABLE</c>, …</param>
/// <param name="Message">Why, without captured content.</param>
/// <param name="At">Where it stands in the journal, with all that was said.</param>
/// <param name="BuriedAt">RFC 3339 with microseconds, UTC.</param>
public sealed record DeadLetter(long Letter, string OrgId, string Key, string? ExchangeId, string Code, string Message, JournalPosition At, string BuriedAt);
