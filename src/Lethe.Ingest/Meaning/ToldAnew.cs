using System.Security.Cryptography;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Meaning;

/// <summary>
/// The rule of lethe's door: a turn that is told again with other content replaces the earlier one. The later in the journal stays, whatever is delivered
/// when: a replay changes nothing.
/// </summary>
internal static class ToldAnew
{
    public const string Message = "The turn was told anew.";

    public static bool IsReplaceable(ExchangeDelivery delivery) => ProducedKind.Of(delivery.Told.Exchange) == ProducedKind.TurnEvent;

    /// <param name="stored">Where the stored one was read from; null where that is not known.</param>
    public static bool IsLater(ExchangeDelivery delivery, ExchangeId storedId, JournalPosition? stored)
    {
        if (delivery.At is { } at && stored is { } before)
        {
            return at.Journal == before.Journal
                ? (at.Segment, at.Sequence).CompareTo((before.Segment, before.Sequence)) > 0
                : string.CompareOrdinal(delivery.Told.Exchange.Id.ToString(), storedId.ToString()) > 0;
        }

        return true;
    }

    /// <summary>What a replaced wording is kept under: each has a place of its own, also one that came before.</summary>
    public static byte[] LetterOf(byte[] contentHash, ExchangeId id) => SHA256.HashData([.. contentHash, .. id.Value.ToByteArray(bigEndian: true)]);

    /// <summary>What is told of a wording that another one has replaced by now.</summary>
    public static DeliveryResult Superseded(ExchangeId by) => new(DeliveryVerdict.Duplicate, by, Code: StoreFault.Replaced);
}

/// <summary>A stored turn, and the SHA-256 of its content.</summary>
internal readonly record struct ToldBefore(ExchangeId Id, byte[] Hash);
