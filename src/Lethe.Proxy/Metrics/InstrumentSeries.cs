using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Prometheus;

namespace Lethe.Proxy.Metrics;

/// <summary>One instrument as Prometheus has it: a collector with the instrument's labels, and a series for each set of their values that was met.</summary>
internal sealed class InstrumentSeries
{
    /// <summary>Above it all further values of labels are one series, whose labels all say <see cref="Overflow"/>: some of them come from the wire.</summary>
    private const int SeriesMax = 500;

    private const string Overflow = "other";

    private static readonly double[] SecondsBounds =
        [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

    private static readonly double[] CountBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];

    private readonly ConcurrentDictionary<string, Action<double>> series = new(StringComparer.Ordinal);
    private readonly string[] labels;
    private readonly Func<string[], Action<double>> open;
    private readonly Action<double>? only;

    private InstrumentSeries(string[] labels, Func<string[], Action<double>> open)
    {
        this.labels = labels;
        this.open = open;
        // Without labels there is one series, and it is there before the first event.
        only = labels.Length == 0 ? open([]) : null;
    }

    public static InstrumentSeries Of(Instrument instrument, MetricFactory factory, string[] labels)
    {
        var name = NameOf(instrument);
        var help = instrument.Description ?? instrument.Name;
        string[] names = [.. labels.Select(label => label.Replace('.', '_'))];
        var kind = instrument.GetType().GetGenericTypeDefinition();
        if (kind == typeof(Histogram<>))
        {
            var histogram = factory.CreateHistogram(name, help, names, new HistogramConfiguration { Buckets = BoundsOf(instrument) });
            return new InstrumentSeries(labels, values => histogram.WithLabels(values).Observe);
        }

        if (kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>))
        {
            var counter = factory.CreateCounter(name, help, names);
            return new InstrumentSeries(labels, values => counter.WithLabels(values) is var one && instrument.IsObservable ? one.IncTo : one.Inc);
        }

        var gauge = factory.CreateGauge(name, help, names);
        return new InstrumentSeries(labels, values => gauge.WithLabels(values) is var one && kind == typeof(UpDownCounter<>) ? one.Inc : one.Set);
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) => (only ?? Find(tags))(value);

    // https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/ for the two names that are OpenTelemetry's own.
    private static string NameOf(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        return instrument.Unit == "s" && !name.EndsWith("_seconds", StringComparison.Ordinal) ? name + "_seconds" : name;
    }

    private static double[] BoundsOf(Instrument instrument) =>
        (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray() ?? (instrument.Unit == "s" ? SecondsBounds : CountBounds);

    private Action<double> Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var values = new string[labels.Length];
        Array.Fill(values, "");
        foreach (var (name, value) in tags)
        {
            if (Array.IndexOf(labels, name) is >= 0 and var at)
            {
                values[at] = value?.ToString() ?? "";
            }
        }

        var key = string.Join('\u0001', values);
        if (series.TryGetValue(key, out var known))
        {
            return known;
        }

        if (series.Count >= SeriesMax)
        {
            Array.Fill(values, Overflow);
            key = Overflow;
        }

        return series.GetOrAdd(key, static (_, opened) => opened.open(opened.values), (open, values));
    }
}
