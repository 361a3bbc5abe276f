using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>A complete exchange out of the journal.</summary>
/// <param name="ContentHash"><see cref="Journaling.ContentHash"/> of it.</param>
/// <param name="At">Where its line stands; <see cref="JournalBodies"/> finds it again by this.</param>
public sealed record JournaledExchange(CapturedExchange Exchange, byte[] ContentHash, JournalPosition At);
