using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Ingesting;

/// <summary>What one transaction took in, told after its commit.</summary>
public sealed record CommittedBatch(IReadOnlyList<ExchangeDelivery> Deliveries, IReadOnlyList<DeliveryResult> Results);
