using System.Diagnostics.Metrics;
using Lethe.Proxy.Metrics;

namespace Lethe.Proxy.Tests.Metrics;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Every_kind_of_instrument_has_its_text()
    {
        using var meter = new Meter("Lethe.Tests.Kinds");
        using var registry = new MetricRegistry();
        meter.CreateCounter<long>("lethe.test.exchanges", "{exchange}", "Calls that ended.").Add(2, new("provider", "a\"b\\c\nd"), new("door", "forwarding"));
        meter.CreateCounter<double>("lethe_test_cost_usd_total", "USD", "Money.").Add(0.25);
        meter.CreateUpDownCounter<int>("lethe.test.inflight.exchanges", null, "Open calls.").Add(3);
        var gauge = meter.CreateGauge<long>("lethe_test_lag_records", null, "Lines.");
        gauge.Record(9);
        gauge.Record(4);
        meter.CreateObservableGauge("lethe.test.journal.lag", () => 7, "By", "Not yet ingested.");
        var histogram = meter.CreateHistogram<double>(
            "lethe.test.journal.fsync", "s", "Time to disk.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] });
        histogram.Record(0.5);
        histogram.Record(0.75);
        histogram.Record(3);

        Assert.Equal(
            """
            # HELP lethe_test_cost_usd_total Money.
            # TYPE lethe_test_cost_usd_total counter
            lethe_test_cost_usd_total 0.25
            # HELP lethe_test_exchanges_total Calls that ended.
            # TYPE lethe_test_exchanges_total counter
            lethe_test_exchanges_total{provider="a\"b\\c\nd",door="forwarding"} 2
            # HELP lethe_test_inflight_exchanges Open calls.
            # TYPE lethe_test_inflight_exchanges gauge
            lethe_test_inflight_exchanges 3
            # HELP lethe_test_journal_fsync_seconds Time to disk.
            # TYPE lethe_test_journal_fsync_seconds histogram
            lethe_test_journal_fsync_seconds_bucket{le="0.5"} 1
            lethe_test_journal_fsync_seconds_bucket{le="1"} 2
            lethe_test_journal_fsync_seconds_bucket{le="+Inf"} 3
            lethe_test_journal_fsync_seconds_sum 4.25
            lethe_test_journal_fsync_seconds_count 3
            # HELP lethe_test_journal_lag_bytes Not yet ingested.
            # TYPE lethe_test_journal_lag_bytes gauge
            lethe_test_journal_lag_bytes 7
            # HELP lethe_test_lag_records Lines.
            # TYPE lethe_test_lag_records gauge
            lethe_test_lag_records 4

            """,
            Render(registry, meter));
    }

    [Fact]
    public void Labels_from_the_wire_cannot_grow_without_bound()
    {
        using var meter = new Meter("Lethe.Tests.Bound");
        using var registry = new MetricRegistry();
        var counter = meter.CreateCounter<long>("lethe.bounded");
        for (var i = 0; i < 10_000; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("model", i));
        }

        var samples = Render(registry, meter).Split('\n').Where(line => line.StartsWith("lethe_bounded_total", StringComparison.Ordinal)).ToArray();

        Assert.Equal(501, samples.Length);
        Assert.Contains("lethe_bounded_total{model=\"other\"} 9500", samples);
    }

    // Other tests run beside this one in the process, and their hosts' meters are heard too.
    private static string Render(MetricRegistry registry, Meter meter) =>
        PrometheusText.Render(registry.Collect().Where(family => family.MeterName == meter.Name));
}
