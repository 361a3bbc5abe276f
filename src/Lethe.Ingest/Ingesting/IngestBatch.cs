using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Ingesting;

/// <summary>What was read of the journal in one go. It is kept until it is committed, however often that takes.</summary>
/// <param name="Fault">What stands behind the exchanges and could not be read.</param>
/// <param name="End">Where reading goes on behind it.</param>
internal sealed record IngestBatch(IReadOnlyList<JournaledExchange> Exchanges, JournalFault? Fault, JournalPosition End)
{
    /// <summary>More was there when it was read.</summary>
    public bool GoesOn { get; init; }

    /// <summary>How often it could not be interpreted or committed.</summary>
    public int Failures { get; set; }

    /// <summary>What the exchanges mean; null until that is known.</summary>
    public IReadOnlyList<ExchangeDelivery>? Deliveries { get; set; }

    /// <summary>What is there and cannot be taken is put aside by its place. Of what is not there, nothing could be asked for again.</summary>
    public JournalFault? UnreadLine => Fault is
    {
        Kind: JournalFaultKind.Undecodable or JournalFaultKind.Malformed or JournalFaultKind.SealBroken or JournalFaultKind.Unreadable
            or JournalFaultKind.BodyMissing or JournalFaultKind.BodyMismatch
    } line
        ? line
        : null;

    /// <summary>A later version wrote on from here.</summary>
    public bool IsOfLaterVersion => Fault?.Kind == JournalFaultKind.UnknownVersion;
}
