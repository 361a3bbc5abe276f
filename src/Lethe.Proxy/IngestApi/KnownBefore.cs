using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.IngestApi;

/// <summary>What becomes of deliveries without their being handed over: what is imported again is not written down again, and of what only would be taken no more is known than its key.</summary>
internal sealed class KnownBefore(StoreReader reader, string org, bool isDry)
{
    /// <summary>True for what is to be asked about.</summary>
    public bool Concerns(Reading reading) => isDry || Imported(reading) is not null;

    /// <summary>Of each, in order, what it comes to; null for what is to be handed over. The line is the caller's to tell.</summary>
    public IReadOnlyList<ItemResult?> Of(IReadOnlyList<Reading> some)
    {
        var keys = some.Select(KeyOf).OfType<string>().ToList();
        var answers = some.Select(AnswerIdOf).OfType<string>().ToList();
        var known = keys.Count + answers.Count > 0 ? reader.Known(org, keys, answers) : null;
        return [.. some.Select(one => Of(one, known))];
    }

    private ItemResult? Of(Reading reading, KnownDeliveries? known)
    {
        if (reading.Refusal is not null || !Concerns(reading))
        {
            return null;
        }

        var isKnown = (KeyOf(reading) is { } key && known!.Keys.Contains(key)) || (AnswerIdOf(reading) is { } answer && known!.AnswerIds.Contains(answer)) || IsHeard(reading);
        return isKnown ? new ItemResult(null, ItemResult.Duplicate, StoreFault.Duplicate, Replayed: true)
            : isDry ? new ItemResult(null, ItemResult.Accepted, "dry_run")
            : null;
    }

    // A door has heard what a transcript tells without an id.
    private bool IsHeard(Reading reading) => Imported(reading) is { } imported && AnswerIdOf(reading) is null && UnnamedCall.Of(imported)?.HeardIn(reader, org) is not null;

    private static CapturedExchange? Imported(Reading reading) => reading.Shipped is { } shipped && ProducedKind.Of(shipped) == ProducedKind.Imported ? shipped : null;

    private string? KeyOf(Reading reading) => !Concerns(reading) ? null : reading.Shipped is { } shipped ? ExchangeDelivery.KeyOf(shipped) : reading.Call?.Head.CommitKey;

    private static string? AnswerIdOf(Reading reading) => Imported(reading)?.Attributes.GetValueOrDefault(ProducedKind.AnswerAttribute);
}
