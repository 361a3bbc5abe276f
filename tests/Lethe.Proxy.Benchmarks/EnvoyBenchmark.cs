using System.Diagnostics;
using System.Text;

namespace Lethe.Proxy.Benchmarks;

/// <summary>The Envoy door, capture on, against gRPC on bare Kestrel: messages, short streams, the wait for an answer, bytes in observability mode, memory.</summary>
internal static class EnvoyBenchmark
{
    private const int Batch = 16;
    private const int BatchesEach = 125;
    private const int OpenStreams = 1000;
    private const int WatchedChunks = 64;

    // Until tiered compilation has settled: lethe has far more code than its floor.
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);
    private static readonly EnvoyFrames Frames = new();
    private static readonly EnvoyFrames Watched = new(watching: true);
    private static readonly byte[] Events = [.. Enumerable.Repeat(Frames.Event, Batch).SelectMany(frame => frame)];
    private static readonly byte[] WatchedChunk = Watched.Chunk(Encoding.UTF8.GetBytes(AgentBodies.Words(17, 64 * 1024)));

    public static async Task RunAsync(Report report)
    {
        var rows = new List<string[]>();
        foreach (var streams in new[] { 1, 8, 64 })
        {
            rows.Add(await RateRowAsync($"messages/s, {streams} streams of {Batch * BatchesEach} events", EventsAsync, streams));
        }

        rows.Add(await RateRowAsync("short streams/s (4 messages), 16 at a time", ShortAsync, 16));
        var (floor, lethe) = await BothAsync(AnswersAsync);
        rows.Add(["answer p50, 8 streams, one event each 5 ms", Report.Micros(floor.P50), Report.Micros(lethe.P50), Added(lethe.P50 - floor.P50)]);
        rows.Add(["answer p99", Report.Micros(floor.P99), Report.Micros(lethe.P99), Added(lethe.P99 - floor.P99)]);
        rows.Add(await RateRowAsync("observability mode, MB/s in chunks of 64 KiB, 4 streams", WatchAsync, 4));
        var (floorBytes, letheBytes) = await BothAsync(MemoryAsync);
        rows.Add([$"resident memory for each of {OpenStreams} open streams", $"{floorBytes / 1024} KB", $"{letheBytes / 1024} KB", Report.Ratio((double)letheBytes / Math.Max(1, floorBytes))]);
        report.Table("Envoy door, capture on", ["", "bare Kestrel gRPC", "lethe", "ratio, or added"], rows);
    }

    private static string Added(TimeSpan more) => (more >= TimeSpan.Zero ? "+" : "") + Report.Micros(more);

    private static async Task<string[]> RateRowAsync(string name, Func<HttpClient, string, Task<double>> once, int workers)
    {
        var (floor, lethe) = await BothAsync(async under =>
        {
            await RateAsync(under.EnvoyDoor, once, workers, Warmup);
            return await RateAsync(under.EnvoyDoor, once, workers, Duration);
        });
        return [name, Report.Count(floor), Report.Count(lethe), Report.Ratio(lethe / floor)];
    }

    private static async Task<(T Floor, T Lethe)> BothAsync<T>(Func<ProxyUnderTest, Task<T>> measure)
    {
        await using var floor = await ProxyUnderTest.GrpcEchoAsync();
        var floorMeasured = await measure(floor);
        await using var lethe = await ProxyUnderTest.LetheAsync("http://127.0.0.1:9");
        return (floorMeasured, await measure(lethe));
    }

    private static async Task<double> RateAsync(string door, Func<HttpClient, string, Task<double>> once, int workers, TimeSpan duration)
    {
        using var http = ProcessingCall.Client();
        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(async () =>
        {
            var count = 0.0;
            while (clock.Elapsed < duration)
            {
                count += await once(http, door);
            }

            return count;
        })));
        return counts.Sum() / clock.Elapsed.TotalSeconds;
    }

    private static async Task<double> EventsAsync(HttpClient http, string door)
    {
        var call = ProcessingCall.Open(http, door);
        await call.SendAsync(Frames.Opening);
        await call.ReadAnswersAsync(EnvoyFrames.OpeningMessages);
        for (var batch = 0; batch < BatchesEach; batch++)
        {
            await call.SendAsync(Events);
            await call.ReadAnswersAsync(Batch);
        }

        await call.SendAsync(Frames.Last);
        await call.ReadAnswersAsync(1);
        await call.EndAsync();
        return EnvoyFrames.OpeningMessages + Batch * BatchesEach + 1;
    }

    private static async Task<double> ShortAsync(HttpClient http, string door)
    {
        var call = ProcessingCall.Open(http, door);
        await call.SendAsync(Frames.Opening);
        await call.ReadAnswersAsync(EnvoyFrames.OpeningMessages);
        await call.SendAsync(Frames.Last);
        await call.ReadAnswersAsync(1);
        await call.EndAsync();
        return 1;
    }

    /// <summary>Gives megabytes, not messages.</summary>
    private static async Task<double> WatchAsync(HttpClient http, string door)
    {
        var call = ProcessingCall.Open(http, door, watching: true);
        await call.SendAsync(Watched.Opening);
        for (var chunk = 0; chunk < WatchedChunks; chunk++)
        {
            await call.SendAsync(WatchedChunk);
        }

        await call.SendAsync(Watched.Last);
        await call.EndAsync();
        return WatchedChunks * WatchedChunk.Length / 1e6;
    }

    private static async Task<(TimeSpan P50, TimeSpan P99)> AnswersAsync(ProxyUnderTest under)
    {
        using var http = ProcessingCall.Client();
        var clock = Stopwatch.StartNew();
        var waits = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var mine = new List<TimeSpan>();
            var call = ProcessingCall.Open(http, under.EnvoyDoor);
            await call.SendAsync(Frames.Opening);
            await call.ReadAnswersAsync(EnvoyFrames.OpeningMessages);
            while (clock.Elapsed < Warmup + Duration)
            {
                await Task.Delay(5);
                var began = Stopwatch.GetTimestamp();
                await call.SendAsync(Frames.Event);
                await call.ReadAnswersAsync(1);
                if (clock.Elapsed > Warmup)
                {
                    mine.Add(Stopwatch.GetElapsedTime(began));
                }
            }

            await call.SendAsync(Frames.Last);
            await call.EndAsync();
            return mine;
        })));
        var sorted = waits.SelectMany(mine => mine).Order().ToArray();
        return (sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100]);
    }

    private static async Task<long> MemoryAsync(ProxyUnderTest under)
    {
        using var http = ProcessingCall.Client();
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => ShortAsync(http, under.EnvoyDoor)));
        await Task.Delay(TimeSpan.FromSeconds(2));
        var before = under.ResidentBytes();
        var calls = Enumerable.Range(0, OpenStreams).Select(_ => ProcessingCall.Open(http, under.EnvoyDoor)).ToList();
        await Task.WhenAll(calls.Select(async call =>
        {
            await call.SendAsync(Frames.Opening);
            await call.ReadAnswersAsync(EnvoyFrames.OpeningMessages);
        }));
        await Task.Delay(TimeSpan.FromSeconds(3));
        var held = under.ResidentBytes() - before;
        await Task.WhenAll(calls.Select(call => call.EndAsync()));
        return Math.Max(0, held) / OpenStreams;
    }
}
