using System.Diagnostics.Metrics;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Ingesting;

/// <summary>How far ingest is behind, asked for whenever somebody looks: it grows too while nothing is read.</summary>
internal sealed class LagMeter : IDisposable
{
    private readonly Meter meter = new(IngestMeter.Name);

    public LagMeter(Func<JournalLag> lag)
    {
        meter.CreateObservableGauge("lethe_journal_lag_records", () => lag().Records, null, "Journal lines that ingest has not stored yet.");
        meter.CreateObservableGauge("lethe_journal_lag_bytes", () => lag().Bytes, "By", "Journal bytes that ingest has not read yet.");
    }

    public void Dispose() => meter.Dispose();
}
