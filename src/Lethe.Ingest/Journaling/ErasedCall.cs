using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>A call of which the journal tells that it was, and no word of it any more.</summary>
public sealed record ErasedCall(ExchangeId Id, string OrgId);
