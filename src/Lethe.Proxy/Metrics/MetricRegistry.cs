using System.Diagnostics.Metrics;
using Prometheus;

namespace Lethe.Proxy.Metrics;

/// <summary>Hears lethe's own meters from the moment it is made, and keeps what they tell for Prometheus, each instrument as the collector of its kind.</summary>
internal sealed class MetricRegistry : IDisposable
{
    /// <summary>How the names of lethe's own meters begin.</summary>
    public const string MeterPrefix = "Lethe.";

    private readonly MeterListener listener = new();
    private readonly IReadOnlyDictionary<string, string[]> labels;
    private readonly MetricFactory factory;

    public MetricRegistry()
        : this(MetricLabels.Declared)
    {
    }

    /// <param name="labels">The label names of each instrument that has any.</param>
    public MetricRegistry(IReadOnlyDictionary<string, string[]> labels)
    {
        this.labels = labels;
        // Figures of the process and of prometheus-net itself are nobody's contract.
        Prometheus.Metrics.SuppressDefaultMetrics();
        factory = Prometheus.Metrics.WithCustomRegistry(Collectors);
        factory.ExemplarBehavior = ExemplarBehavior.NoExemplars();
        Collectors.AddBeforeCollectCallback(listener.RecordObservableInstruments);
        listener.InstrumentPublished = Enable;
        listener.SetMeasurementEventCallback<byte>(static (_, value, tags, series) => Record(value, tags, series));
        listener.SetMeasurementEventCallback<short>(static (_, value, tags, series) => Record(value, tags, series));
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, series) => Record(value, tags, series));
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, series) => Record(value, tags, series));
        listener.SetMeasurementEventCallback<float>(static (_, value, tags, series) => Record(value, tags, series));
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, series) => Record(value, tags, series));
        listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, series) => Record((double)value, tags, series));
        listener.Start();
    }

    /// <summary>What a scrape reads.</summary>
    public CollectorRegistry Collectors { get; } = Prometheus.Metrics.NewCustomRegistry();

    public void Dispose() => listener.Dispose();

    private static void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? series) => ((InstrumentSeries)series!).Record(value, tags);

    private void Enable(Instrument instrument, MeterListener self)
    {
        if (instrument.Meter.Name.StartsWith(MeterPrefix, StringComparison.Ordinal))
        {
            self.EnableMeasurementEvents(instrument, InstrumentSeries.Of(instrument, factory, labels.GetValueOrDefault(instrument.Name) ?? []));
        }
    }
}
