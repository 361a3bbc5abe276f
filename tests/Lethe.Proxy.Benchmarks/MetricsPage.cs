using System.Globalization;

namespace Lethe.Proxy.Benchmarks;

/// <summary>The numbers of a process under test, from its Prometheus page.</summary>
internal sealed class MetricsPage(string admin) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = new Uri(admin) };

    /// <summary>A counter's value; 0 when it is not there.</summary>
    public async Task<double> ValueAsync(string series) =>
        (await SamplesAsync()).Where(sample => sample.Series == series).Select(sample => sample.Value).FirstOrDefault();

    /// <summary>The buckets of a histogram without labels: bounds in seconds, cumulative counts.</summary>
    public async Task<IReadOnlyList<(double Bound, double Count)>> BucketsAsync(string name)
    {
        var start = name + "_bucket{le=\"";
        return [.. from sample in await SamplesAsync()
                   where sample.Series.StartsWith(start, StringComparison.Ordinal)
                   let bound = sample.Series[start.Length..^2]
                   select (bound == "+Inf" ? double.PositiveInfinity : Number(bound), sample.Value)];
    }

    /// <summary>The bound under which such a part of what came between two looks at a histogram lies.</summary>
    public static TimeSpan Quantile(IReadOnlyList<(double Bound, double Count)> before, IReadOnlyList<(double Bound, double Count)> after, double quantile)
    {
        var counts = after.Select((bucket, at) => (bucket.Bound, Count: bucket.Count - (before.Count > at ? before[at].Count : 0))).ToList();
        var found = counts.First(bucket => bucket.Count >= counts[^1].Count * quantile);
        return double.IsFinite(found.Bound) ? TimeSpan.FromSeconds(found.Bound) : TimeSpan.MaxValue;
    }

    public void Dispose() => http.Dispose();

    private async Task<IReadOnlyList<(string Series, double Value)>> SamplesAsync() =>
        [.. from line in (await http.GetStringAsync("/metrics")).Split('\n')
            where line.Length > 0 && line[0] != '#'
            let space = line.LastIndexOf(' ')
            select (line[..space], Number(line[(space + 1)..]))];

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
