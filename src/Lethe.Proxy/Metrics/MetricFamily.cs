using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;

namespace Lethe.Proxy.Metrics;

/// <summary>What Prometheus calls the kind of a metric.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>One instrument with all its series, as Prometheus names it.</summary>
internal sealed class MetricFamily
{
    /// <summary>Above it all further label sets are one series, whose labels all say <see cref="Overflow"/>.</summary>
    private const int SeriesMax = 500;

    private const string Overflow = "other";

    private static readonly double[] SecondsBounds =
        [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

    private static readonly double[] CountBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];

    private readonly ConcurrentDictionary<string, MetricSeries> series = new();
    private readonly double[]? bounds;
    private readonly bool isLastValue;
    private MetricSeries? bare;

    public MetricFamily(Instrument instrument, double[]? advisedBounds)
    {
        MeterName = instrument.Meter.Name;
        var type = Definition(instrument);
        Kind = KindOf(type);
        isLastValue = instrument.IsObservable || type == typeof(Gauge<>);
        Name = PrometheusName.Of(instrument.Name, instrument.Unit, Kind);
        Help = instrument.Description ?? instrument.Name;
        bounds = Kind == MetricKind.Histogram ? advisedBounds ?? (instrument.Unit == "s" ? SecondsBounds : CountBounds) : null;
    }

    public string MeterName { get; }

    public string Name { get; }

    public string Help { get; }

    public MetricKind Kind { get; }

    public ReadOnlySpan<double> Bounds => bounds;

    public IEnumerable<MetricSeries> Series => series.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value);

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var one = SeriesOf(tags);
        if (Kind == MetricKind.Histogram)
        {
            one.Observe(value);
        }
        else if (isLastValue)
        {
            one.Set(value);
        }
        else
        {
            one.Add(value);
        }
    }

    private MetricSeries SeriesOf(ReadOnlySpan<KeyValuePair<string, object?>> tags) => tags.IsEmpty ? bare ??= Labelled(tags) : Labelled(tags);

    private MetricSeries Labelled(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = new StringBuilder();
        foreach (var tag in tags)
        {
            key.Append(tag.Key).Append('\u0001').Append(tag.Value).Append('\u0002');
        }

        if (series.TryGetValue(key.ToString(), out var known))
        {
            return known;
        }

        var overflows = series.Count >= SeriesMax;
        var labels = new List<KeyValuePair<string, string>>(tags.Length);
        foreach (var tag in tags)
        {
            labels.Add(new(PrometheusName.OfLabel(tag.Key), overflows ? Overflow : tag.Value?.ToString() ?? ""));
        }

        return series.GetOrAdd(overflows ? Overflow : key.ToString(), _ => new MetricSeries(labels, bounds));
    }

    private static Type Definition(Instrument instrument) =>
        instrument.GetType() is { IsGenericType: true } type ? type.GetGenericTypeDefinition() : instrument.GetType();

    private static MetricKind KindOf(Type type) => type == typeof(Histogram<>) ? MetricKind.Histogram
        : type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter
        : MetricKind.Gauge;
}
