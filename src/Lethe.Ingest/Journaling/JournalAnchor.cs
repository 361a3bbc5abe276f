namespace Lethe.Ingest.Journaling;

/// <summary>The head of a journal's chain at one moment. Kept elsewhere, it shows later that nothing before it was cut off or rewritten.</summary>
/// <param name="At">Behind the last line; its sequence less one is the count of lines.</param>
/// <param name="Head">The last line's seal, 64 hex digits.</param>
public sealed record JournalAnchor(Guid Journal, JournalPosition At, string Head);
