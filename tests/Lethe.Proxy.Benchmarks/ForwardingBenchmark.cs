namespace Lethe.Proxy.Benchmarks;

/// <summary>Capture on (SQLite, relaxed) against bare YARP with the same route: throughput, and what is added to the first byte.</summary>
internal static class ForwardingBenchmark
{
    private static readonly (string Name, Func<byte[]> Body, string Query) Agent = ("50 KB request, 40-event SSE", AgentBodies.Calls(50_000, 2, stream: true), "?events=40");
    private static readonly byte[] Small = AgentBodies.Request(2_000, 1, stream: false);

    // Until tiered compilation has settled: lethe has far more code than its floor.
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(6);

    public static Task RunAsync(Report report) => RunAsync(report, [("2 KB request, 4 KB JSON", () => Small, ""), Agent], [1, 16, 64]);

    /// <summary>The shape and the loads that the targets are set for.</summary>
    public static Task RunAgentAsync(Report report) => RunAsync(report, [Agent], [1, 16]);

    private static async Task RunAsync(Report report, (string Name, Func<byte[]> Body, string Query)[] shapes, int[] loads)
    {
        await using var upstream = await Upstream.StartAsync();
        var rows = new List<string[]>();
        foreach (var (name, body, query) in shapes)
        {
            foreach (var clients in loads)
            {
                var floor = await MeasureAsync(await ProxyUnderTest.BareYarpAsync(upstream.Address), body, query, clients);
                var lethe = await MeasureAsync(await ProxyUnderTest.LetheAsync(upstream.Address), body, query, clients);
                rows.Add(
                [
                    $"{name}, c={clients}",
                    Report.Count(floor.CallsPerSecond),
                    Report.Count(lethe.CallsPerSecond),
                    Report.Ratio(lethe.CallsPerSecond / floor.CallsPerSecond),
                    Report.Micros(lethe.FirstByteP50 - floor.FirstByteP50),
                    Report.Micros(lethe.FirstByteP99 - floor.FirstByteP99),
                ]);
            }
        }

        report.Table("Forwarding, capture on", ["shape", "bare YARP calls/s", "lethe calls/s", "ratio", "added p50 to first byte", "added p99"], rows);
    }

    private static async Task<LoadResult> MeasureAsync(ProxyUnderTest proxy, Func<byte[]> body, string query, int clients)
    {
        await using (proxy)
        {
            var url = proxy.Listen + "/anthropic/v1/messages" + query;
            await Load.RunAsync(url, body, clients, Warmup);
            return await Load.RunAsync(url, body, clients, Duration);
        }
    }
}
