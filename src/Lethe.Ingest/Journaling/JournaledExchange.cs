using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>A complete exchange out of the journal.</summary>
/// <param name="ContentHash">SHA-256 over the exchange's one deterministic form; equal for every delivery of the same exchange.</param>
/// <param name="BodyAt">Where <see cref="JournalBodies"/> finds its bodies again.</param>
public sealed record JournaledExchange(CapturedExchange Exchange, byte[] ContentHash, JournalPosition BodyAt)
{
    /// <summary>
    /// Where its closing line stands. After a restart at the low water, exchanges that closed before the position read up to are replays;
    /// one that closed at or behind it is new, in whatever batch it comes.
    /// </summary>
    public JournalPosition ClosedAt { get; init; } = BodyAt;
}
