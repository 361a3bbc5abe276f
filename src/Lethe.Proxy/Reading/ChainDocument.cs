namespace Lethe.Proxy.Reading;

/// <summary>The addresses (64 hex) of a call's messages from the first to its answer; each is read at <c>/v1/nodes/{hash}</c>.</summary>
internal sealed record ChainDocument(string ExchangeId, IReadOnlyList<string> Messages);
