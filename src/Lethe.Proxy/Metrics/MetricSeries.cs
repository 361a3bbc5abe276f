namespace Lethe.Proxy.Metrics;

/// <summary>One instrument under one set of labels: a sum, a last value, or a histogram. Any thread may add.</summary>
internal sealed class MetricSeries(IReadOnlyList<KeyValuePair<string, string>> labels, double[]? bounds)
{
    private readonly Lock gate = new();
    private readonly long[]? buckets = bounds is null ? null : new long[bounds.Length + 1];
    private double sum;
    private long count;

    public IReadOnlyList<KeyValuePair<string, string>> Labels { get; } = labels;

    public void Add(double value)
    {
        lock (gate)
        {
            sum += value;
        }
    }

    public void Set(double value)
    {
        lock (gate)
        {
            sum = value;
        }
    }

    public void Observe(double value)
    {
        var at = Array.BinarySearch(bounds!, value);
        lock (gate)
        {
            // A bound is inclusive (le), and BinarySearch finds it; else it gives the complement of the next one.
            buckets![at >= 0 ? at : ~at]++;
            sum += value;
            count++;
        }
    }

    /// <summary>Sum (or last value), count, and the cumulative buckets; null where it is no histogram.</summary>
    public (double Sum, long Count, long[]? Cumulative) Read()
    {
        lock (gate)
        {
            var cumulative = (long[]?)buckets?.Clone();
            for (var i = 1; i < cumulative?.Length; i++)
            {
                cumulative[i] += cumulative[i - 1];
            }

            return (sum, count, cumulative);
        }
    }
}
