namespace Lethe.Proxy.Benchmarks;

/// <summary>Capture on (SQLite, relaxed) against bare YARP with the same route, and against another build where one is named: throughput, and what is added to the first byte.</summary>
internal static class ForwardingBenchmark
{
    private static readonly (string Name, Func<byte[]> Body, string Query) Agent = ("50 KB request, 40-event SSE", AgentBodies.Calls(50_000, 2, stream: true), "?events=40");
    private static readonly byte[] Small = AgentBodies.Request(2_000, 1, stream: false);

    // Until tiered compilation has settled: lethe has far more code than its floor.
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(40);

    public static Task RunAsync(Report report) => RunAsync(report, [("2 KB request, 4 KB JSON", () => Small, ""), Agent], [1, 16, 64]);

    /// <summary>The shape and the loads that the targets are set for.</summary>
    public static Task RunAgentAsync(Report report) => RunAsync(report, [Agent], [1, 16, 64]);

    private static async Task RunAsync(Report report, (string Name, Func<byte[]> Body, string Query)[] shapes, int[] loads)
    {
        await using var upstream = await Upstream.StartAsync();
        var rows = new List<string[]>();
        foreach (var (name, body, query) in shapes)
        {
            await using var floor = await ProxyUnderTest.BareYarpAsync(upstream.Address);
            await using var lethe = await ProxyUnderTest.LetheAsync(upstream.Address);
            await using var before = await ProxyUnderTest.LetheBeforeAsync(upstream.Address);
            ProxyUnderTest[] floors = before is null ? [floor] : [floor, before];
            foreach (var proxy in (ProxyUnderTest[])[.. floors, lethe])
            {
                await LoadAsync(proxy, loads[^1], Warmup);
            }

            foreach (var clients in loads)
            {
                var rounds = await Rounds<LoadResult>.RunAsync(floors, lethe, (proxy, duration) => LoadAsync(proxy, clients, duration));
                rows.Add(
                [
                    $"{name}, c={clients}",
                    Report.Count(rounds.Floor(load => load.CallsPerSecond)),
                    Report.Count(rounds.Lethe(load => load.CallsPerSecond)),
                    rounds.Ratio(load => load.CallsPerSecond),
                    Report.Micros(rounds.Added(load => load.FirstByteP50)),
                    Report.Micros(rounds.Added(load => load.FirstByteP99)),
                    before is null ? "" : rounds.Ratio(load => load.CallsPerSecond, floor: 1),
                ]);
            }

            Task<LoadResult> LoadAsync(ProxyUnderTest proxy, int clients, TimeSpan duration) =>
                Load.RunAsync(proxy.Listen + "/anthropic/v1/messages" + query, body, clients, duration);
        }

        report.Table("Forwarding, capture on", ["shape", "bare YARP calls/s", "lethe calls/s", "ratio", "added p50 to first byte", "added p99", "to the build before"], rows);
    }
}
