using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text;
using Lethe.Ingest;
using Lethe.Proxy.Metrics;

namespace Lethe.Proxy.Tests.Metrics;

public sealed class MetricRegistryTests
{
    [Fact]
    public async Task Every_kind_of_instrument_is_the_collector_of_its_kind()
    {
        using var meter = new Meter("Lethe.Tests.Kinds");
        using var registry = new MetricRegistry(new Dictionary<string, string[]> { ["lethe_test_exchanges_total"] = ["door", "a.provider"] });
        var exchanges = meter.CreateCounter<long>("lethe_test_exchanges_total", "{exchange}", "Calls that ended.");
        exchanges.Add(2, new("a.provider", "a\"b\\c\nd"), new("door", "forwarding"), new("undeclared", "x"));
        exchanges.Add(1, new KeyValuePair<string, object?>("door", "forwarding"));
        meter.CreateCounter<double>("lethe_test_cost_usd_total", "USD", "Money.").Add(0.25);
        var inflight = meter.CreateUpDownCounter<int>("lethe_test_inflight_exchanges", null, "Open calls.");
        inflight.Add(4);
        inflight.Add(-1);
        var gauge = meter.CreateGauge<long>("lethe_test_lag_records", null, "Lines.");
        gauge.Record(9);
        gauge.Record(4);
        meter.CreateObservableGauge("lethe_test_lag_bytes", () => 7, "By", "Not yet ingested.");
        meter.CreateObservableCounter("lethe_test_seen_total", () => 11L, null, "Seen.");
        var histogram = meter.CreateHistogram(
            "lethe.test.journal.fsync", "s", "Time to disk.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] });
        histogram.Record(0.5);
        histogram.Record(0.75);
        histogram.Record(3);
        meter.CreateCounter<long>("lethe_test_never_total", null, "Not once.");

        Assert.Equal(
            """
            # TYPE lethe_test_cost_usd_total counter
            lethe_test_cost_usd_total 0.25
            # TYPE lethe_test_exchanges_total counter
            lethe_test_exchanges_total{door="forwarding",a_provider="a\"b\\c\nd"} 2
            lethe_test_exchanges_total{door="forwarding",a_provider=""} 1
            # TYPE lethe_test_inflight_exchanges gauge
            lethe_test_inflight_exchanges 3
            # TYPE lethe_test_journal_fsync_seconds histogram
            lethe_test_journal_fsync_seconds_sum 4.25
            lethe_test_journal_fsync_seconds_count 3
            lethe_test_journal_fsync_seconds_bucket{le="0.5"} 1
            lethe_test_journal_fsync_seconds_bucket{le="1"} 2
            lethe_test_journal_fsync_seconds_bucket{le="+Inf"} 3
            # TYPE lethe_test_lag_bytes gauge
            lethe_test_lag_bytes 7
            # TYPE lethe_test_lag_records gauge
            lethe_test_lag_records 4
            # TYPE lethe_test_never_total counter
            lethe_test_never_total 0
            # TYPE lethe_test_seen_total counter
            lethe_test_seen_total 11
            """,
            await ScrapeAsync(registry, "lethe_test_"));
    }

    [Fact]
    public async Task Labels_from_the_wire_cannot_grow_without_bound()
    {
        using var meter = new Meter("Lethe.Tests.Bound");
        using var registry = new MetricRegistry(new Dictionary<string, string[]> { ["lethe_bounded_total"] = ["model"] });
        var counter = meter.CreateCounter<long>("lethe_bounded_total");
        for (var i = 0; i < 10_000; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("model", i));
        }

        var samples = (await ScrapeAsync(registry, "lethe_bounded_")).Split('\n')[1..];

        Assert.Equal(501, samples.Length);
        Assert.Contains("lethe_bounded_total{model=\"other\"} 9500", samples);
    }

    [Fact]
    public void Labels_are_declared_of_instruments_that_there_are()
    {
        const BindingFlags Fields = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        var instruments = new[] { typeof(ProxyMeter), typeof(IngestMeter) }
            .SelectMany(meter => meter.GetFields(Fields))
            .Select(field => field.GetValue(null))
            .OfType<Instrument>()
            .Select(instrument => instrument.Name);

        Assert.Empty(MetricLabels.Declared.Keys.Except(instruments));
    }

    // Other tests run beside this one in the process, and their hosts' meters are heard too.
    private static async Task<string> ScrapeAsync(MetricRegistry registry, string prefix)
    {
        using var text = new MemoryStream();
        await registry.Collectors.CollectAndExportAsTextAsync(text);
        var families = Encoding.UTF8.GetString(text.ToArray()).Split("# HELP ").Where(family => family.StartsWith(prefix, StringComparison.Ordinal));
        return string.Join('\n', families.Order(StringComparer.Ordinal).Select(family => family[(family.IndexOf('\n', StringComparison.Ordinal) + 1)..].TrimEnd('\n')));
    }
}
