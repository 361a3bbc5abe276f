using System.Diagnostics.Metrics;

namespace Lethe.Ingest;

/// <summary>The instruments of the memory, by the names that <c>/metrics</c> shows.</summary>
internal static class IngestMeter
{
    public const string Name = "Lethe.Ingest";

    private static readonly Meter Meter = new(Name);

    public static readonly Histogram<double> JournalFsync =
        Meter.CreateHistogram<double>("lethe_journal_fsync_seconds", "s", "Time of one fsync of the journal.");

    public static readonly Gauge<long> JournalLagRecords =
        Meter.CreateGauge<long>("lethe_journal_lag_records", null, "Journal lines that ingest has not read yet.");

    public static readonly Gauge<long> JournalLagBytes =
        Meter.CreateGauge<long>("lethe_journal_lag_bytes", "By", "Journal bytes that ingest has not read yet.");

    public static readonly Counter<long> JournalFailures =
        Meter.CreateCounter<long>("lethe_journal_failures_total", null, "Times that the disk refused the journal.");

    public static readonly Counter<long> Drops =
        Meter.CreateCounter<long>("lethe_drops_total", null, "Captures lost or cut short, by reason.");

    public static readonly Counter<long> CaptureBytes =
        Meter.CreateCounter<long>("lethe_capture_bytes_total", "By", "Body bytes on the wire, by direction.");

    public static void Captured(long request, long response)
    {
        CaptureBytes.Add(request, new KeyValuePair<string, object?>("direction", "request"));
        CaptureBytes.Add(response, new KeyValuePair<string, object?>("direction", "response"));
    }

    public static void Dropped(string reason) => Drops.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
