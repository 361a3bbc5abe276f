using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Lethe.Proxy.Metrics;

/// <summary>Listens to lethe's own meters from the moment it is made, and holds what they have told.</summary>
internal sealed class MetricRegistry : IDisposable
{
    /// <summary>How the names of lethe's own meters begin.</summary>
    public const string MeterPrefix = "Lethe.";

    private readonly ConcurrentDictionary<string, MetricFamily> families = new();
    private readonly MeterListener listener = new();

    public MetricRegistry()
    {
        listener.InstrumentPublished = Enable;
        listener.SetMeasurementEventCallback<byte>(static (_, value, tags, family) => Record(value, tags, family));
        listener.SetMeasurementEventCallback<short>(static (_, value, tags, family) => Record(value, tags, family));
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => Record(value, tags, family));
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => Record(value, tags, family));
        listener.SetMeasurementEventCallback<float>(static (_, value, tags, family) => Record(value, tags, family));
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => Record(value, tags, family));
        listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, family) => Record((double)value, tags, family));
        listener.Start();
    }

    /// <summary>Asks the observable instruments, then gives all families by name.</summary>
    public IEnumerable<MetricFamily> Collect()
    {
        listener.RecordObservableInstruments();
        return families.Values.OrderBy(family => family.Name, StringComparer.Ordinal);
    }

    public void Dispose() => listener.Dispose();

    private static void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? family) => ((MetricFamily)family!).Record(value, tags);

    private void Enable(Instrument instrument, MeterListener self)
    {
        if (!instrument.Meter.Name.StartsWith(MeterPrefix, StringComparison.Ordinal))
        {
            return;
        }

        // Two instruments of one name (a meter made twice) are one family.
        var made = new MetricFamily(instrument, Advice(instrument));
        self.EnableMeasurementEvents(instrument, families.GetOrAdd(made.Name, made));
    }

    private static double[]? Advice(Instrument instrument) => instrument switch
    {
        Histogram<double> histogram => histogram.Advice?.HistogramBucketBoundaries?.ToArray(),
        Histogram<long> histogram => histogram.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray(),
        Histogram<int> histogram => histogram.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray(),
        _ => null,
    };
}
