using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>A complete exchange out of the journal.</summary>
/// <param name="At">Where its line stands; <see cref="JournalBodies"/> finds it again by this.</param>
public sealed record JournaledExchange(CapturedExchange Exchange, JournalPosition At)
{
    /// <summary><see cref="Journaling.ContentHash"/> of it, computed anew at each call.</summary>
    public byte[] ContentHash => Journaling.ContentHash.Of(Exchange);
}
