using System.Diagnostics;

namespace Lethe.Proxy.Benchmarks;

/// <summary>400 streams of 200 events at 5 ms, and the memory of a stream that waits.</summary>
internal static class StreamsBenchmark
{
    private const int Streams = 400;

    public static async Task RunAsync(Report report)
    {
        await using var upstream = await Upstream.StartAsync();
        var floor = await MeasureAsync(await ProxyUnderTest.BareYarpAsync(upstream.Address));
        var lethe = await MeasureAsync(await ProxyUnderTest.LetheAsync(upstream.Address));
        report.Table(
            $"{Streams} streams",
            ["", "bare YARP", "lethe", "ratio"],
            [
                ["200 events at 5 ms each: all done after", $"{floor.Paced.TotalSeconds:0.00} s", $"{lethe.Paced.TotalSeconds:0.00} s", Report.Ratio(lethe.Paced / floor.Paced)],
                ["resident memory for each idle stream", $"{floor.IdleBytes / 1024} KB", $"{lethe.IdleBytes / 1024} KB", Report.Ratio((double)lethe.IdleBytes / Math.Max(1, floor.IdleBytes))],
            ]);
    }

    private static async Task<(TimeSpan Paced, long IdleBytes)> MeasureAsync(ProxyUnderTest proxy)
    {
        await using (proxy)
        {
            var body = AgentBodies.Request(2_000, 3, stream: true);
            using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Streams, UseProxy = false }) { Timeout = TimeSpan.FromMinutes(2) };
            var url = proxy.Listen + "/anthropic/v1/messages";
            await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => Load.CallAsync(http, url + "?events=1", body, new byte[4096])));

            var clock = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => Load.CallAsync(http, url + "?events=200&gap=5", body, new byte[4096])));
            var paced = clock.Elapsed;

            await Task.Delay(TimeSpan.FromSeconds(2));
            var before = proxy.ResidentBytes();
            var idle = Enumerable.Range(0, Streams).Select(_ => Load.CallAsync(http, url + "?events=1&gap=8000", body, new byte[4096])).ToList();
            await Task.Delay(TimeSpan.FromSeconds(5));
            var held = proxy.ResidentBytes() - before;
            await Task.WhenAll(idle);
            return (paced, Math.Max(0, held) / Streams);
        }
    }
}
