using System.Diagnostics;

namespace Lethe.Proxy.Benchmarks;

/// <summary>
/// What can go on for ever: the highest rate at which ingest, journal and capture together stay under lethe's own ceiling of lag, as a part of what bare
/// YARP passes on the same machine. Short runs do not show it, for ingest gives way to calls.
/// </summary>
internal static class LastingBenchmark
{
    private const int Clients = 16;
    private const int Probes = 4;

    /// <summary>Lethe:Ingest:LagSecondsMax, as it is by default, and what is on its way into the store by then: ingest gives way to calls until that is reached.</summary>
    private const double LagSecondsMax = 5 + 2;

    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan Whole = TimeSpan.FromSeconds(60);

    public static async Task RunAsync(Report report)
    {
        var body = AgentBodies.Calls(50_000, 2, stream: true);
        await using var upstream = await Upstream.StartAsync();
        await using var floor = await ProxyUnderTest.BareYarpAsync(upstream.Address);
        await using var lethe = await ProxyUnderTest.LetheAsync(upstream.Address);
        await LoadAsync(floor, Warmup, double.PositiveInfinity);
        await LoadAsync(lethe, Warmup, double.PositiveInfinity);
        var bare = (await LoadAsync(floor, Probe, double.PositiveInfinity)).CallsPerSecond;

        // The rate is searched for in short probes and then has to stand for the whole time; where it does not, a little less is tried.
        var (low, high) = (0.0, bare);
        for (var probe = 0; probe < Probes; probe++)
        {
            var rate = (low + high) / 2;
            (low, high) = await LastsAsync(rate, Probe) is null ? (low, rate) : (rate, high);
        }

        LoadResult? lasting = null;
        var held = low;
        while (lasting is null && held > bare / 100)
        {
            lasting = await LastsAsync(held, Whole);
            held = lasting is null ? held * 0.93 : held;
        }

        var beside = await LoadAsync(floor, Probe, lasting is null ? double.PositiveInfinity : held);
        report.Table(
            "What lasts: 60 s, capture, journal and ingest all on, the lag under its ceiling",
            ["shape", "bare YARP calls/s, unbounded", "lethe calls/s", "ratio", "added p50 to first byte at that rate", "added p99"],
            [
                [
                    $"50 KB request (2 KB new), 40-event SSE, c={Clients}",
                    Report.Count(bare),
                    Report.Count(lasting?.CallsPerSecond ?? 0),
                    Report.Ratio((lasting?.CallsPerSecond ?? 0) / bare),
                    Report.Micros((lasting?.FirstByteP50 ?? default) - beside.FirstByteP50),
                    Report.Micros((lasting?.FirstByteP99 ?? default) - beside.FirstByteP99),
                ],
            ]);

        // Null where the lag passed its ceiling before the end.
        async Task<LoadResult?> LastsAsync(double rate, TimeSpan duration)
        {
            var settling = Stopwatch.StartNew();
            while (await lethe.Metrics!.ValueAsync("lethe_journal_lag_records") > 0 && settling.Elapsed < Whole)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200));
            }

            var load = LoadAsync(lethe, duration, rate);
            var under = true;
            while (!load.IsCompleted)
            {
                await Task.WhenAny(load, Task.Delay(TimeSpan.FromSeconds(1)));
                under &= await lethe.Metrics!.ValueAsync("lethe_journal_lag_records") <= rate * LagSecondsMax;
            }

            var result = await load;
            return under && result.CallsPerSecond >= rate * 0.97 ? result : null;
        }

        Task<LoadResult> LoadAsync(ProxyUnderTest proxy, TimeSpan duration, double callsPerSecond) =>
            Load.RunAsync(proxy.Listen + "/anthropic/v1/messages?events=40", body, Clients, duration, callsPerSecond);
    }
}
