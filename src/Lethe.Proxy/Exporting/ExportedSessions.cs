using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Exporting;

/// <summary>The ids of the sessions that calls are of, by the first of those calls.</summary>
internal static class ExportedSessions
{
    public static IEnumerable<string> Of(StoreReader reader, ExchangeFilter filter) => filter.SessionId is { } one
        ? [one]
        : reader.Exchanges(Organisation.None, filter with { FactsAlone = true }).Select(record => record.Session?.Id).OfType<string>().Distinct(StringComparer.Ordinal);
}
