using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>
/// The addresses (64 hex) of a call's messages from the first to its answer, before them those of the answers that it continues without repeating them; each is read at
/// <c>/v1/nodes/{hash}</c>.
/// </summary>
/// <param name="NotHeld">The answer, by its vendor's id, that the first of them was said upon, where that answer's call is not held; null where nothing is missing.</param>
internal sealed record ChainDocument(string ExchangeId, IReadOnlyList<string> Messages, string? NotHeld)
{
    public static ChainDocument Of(StoreReader reader, string org, ExchangeRecord record)
    {
        IReadOnlyList<string> messages = record.Chain?.Leaf is { } leaf ? reader.Chain(org, leaf) : [];
        return new ChainDocument(record.ExchangeId, messages, messages.Count == 0 ? null : reader.NotHeld(org, messages[0]));
    }
}
