using System.Diagnostics;
using System.Text;
using Lethe.Capture.Decoding.Framing;

namespace Lethe.Proxy.Benchmarks;

/// <summary>The Envoy door, capture on, against gRPC on bare Kestrel and an echo by Grpc.AspNetCore: messages, short streams, the wait for an answer, bytes in observability mode, memory.</summary>
internal static class EnvoyBenchmark
{
    private const int EventsEach = 2000;
    private const int OpenStreams = 1000;
    private const int WatchedChunks = 64;
    private const string CutShort = "lethe_drops_total{reason=\"memory\"}";
    private const string AnswerTime = "lethe_extproc_answer_seconds";
    private static readonly TimeSpan AnswerPause = TimeSpan.FromMicroseconds(625);

    // Until tiered compilation has settled: lethe has far more code than its floor.
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(12);
    private static readonly EnvoyFrames Frames = new();
    private static readonly EnvoyFrames Watched = new(watching: true);
    private static readonly byte[] WatchedChunk = Watched.Chunk(Encoding.UTF8.GetBytes(AgentBodies.Words(17, 64 * 1024)));

    public static async Task RunAsync(Report report)
    {
        var rows = new List<string[]>();
        await using (var kestrel = await ProxyUnderTest.GrpcOnKestrelAsync())
        await using (var echo = await ProxyUnderTest.GrpcEchoAsync())
        await using (var lethe = await ProxyUnderTest.LetheAsync("http://127.0.0.1:9"))
        await using (var before = await ProxyUnderTest.LetheBeforeAsync("http://127.0.0.1:9"))
        {
            ProxyUnderTest[] floors = before is null ? [kestrel, echo] : [kestrel, echo, before];
            foreach (var proxy in (ProxyUnderTest[])[.. floors, lethe])
            {
                await RateAsync(proxy.EnvoyDoor, Events(1), 8, Warmup);
                await RateAsync(proxy.EnvoyDoor, Events(16), 8, Warmup);
                await RateAsync(proxy.EnvoyDoor, ShortAsync, 16, Warmup);
                await RateAsync(proxy.EnvoyDoor, WatchAsync, 4, Warmup);
            }

            foreach (var (name, once, workers) in Loads())
            {
                // What the load before still holds is counted with that.
                await lethe.SettleAsync();
                var cutBefore = await lethe.Metrics!.ValueAsync(CutShort);
                var rounds = await Rounds<double>.RunAsync(floors, lethe, (proxy, duration) => RateAsync(proxy.EnvoyDoor, once, workers, duration));
                var cut = await lethe.Metrics.ValueAsync(CutShort) - cutBefore;
                rows.Add(
                [
                    cut > 0 ? $"{name} ({Report.Count(cut)} records cut short for want of memory)" : name,
                    Report.Count(rounds.Floor(rate => rate)),
                    Report.Count(rounds.Floor(rate => rate, floor: 1)),
                    Report.Count(rounds.Lethe(rate => rate)),
                    rounds.Ratio(rate => rate),
                    rounds.Ratio(rate => rate, floor: 1),
                    before is null ? "" : $"{Report.Count(rounds.Floor(rate => rate, floor: 2))}, {rounds.Ratio(rate => rate, floor: 2)}",
                ]);
            }

            var answersBefore = await lethe.Metrics!.BucketsAsync(AnswerTime);
            var waits = await Rounds<(TimeSpan P50, TimeSpan P99)>.RunAsync(floors, lethe, AnswersAsync);
            rows.Add(WaitRow("answer p50, 1,600 messages/s over 8 streams", waits, wait => wait.P50));
            rows.Add(WaitRow("answer p99", waits, wait => wait.P99));
            var answers = await lethe.Metrics.BucketsAsync(AnswerTime);
            rows.Add(["of it in lethe itself, p50 and p99 below", "", "", $"{Within(0.50)}, {Within(0.99)}", "", "", ""]);

            string Within(double quantile) => Report.Micros(MetricsPage.Quantile(answersBefore, answers, quantile));
        }

        var kestrelBytes = await MemoryAsync(await ProxyUnderTest.GrpcOnKestrelAsync());
        var echoBytes = await MemoryAsync(await ProxyUnderTest.GrpcEchoAsync());
        var letheBytes = await MemoryAsync(await ProxyUnderTest.LetheAsync("http://127.0.0.1:9"));
        rows.Add(
        [
            $"resident memory for each of {OpenStreams} open streams, in a process that has just been started",
            $"{kestrelBytes / 1024} KB",
            $"{echoBytes / 1024} KB",
            $"{letheBytes / 1024} KB",
            Report.Ratio((double)letheBytes / Math.Max(1, kestrelBytes)),
            Report.Ratio((double)letheBytes / Math.Max(1, echoBytes)),
            "",
        ]);
        report.Table("Envoy door, capture on", ["", "bare Kestrel gRPC", "Grpc.AspNetCore echo", "lethe", "to bare Kestrel: ratio, or added", "to the echo", "the build before, and the ratio to it"], rows);
    }

    private static IEnumerable<(string Name, Func<HttpClient, string, Task<double>> Once, int Workers)> Loads()
    {
        foreach (var streams in new[] { 1, 8, 64 })
        {
            yield return ($"messages/s, each answered before the next, {streams} streams of {EventsEach}", Events(1), streams);
        }

        foreach (var streams in new[] { 1, 8, 64 })
        {
            yield return ($"messages/s, 16 sent at a time, {streams} streams of {EventsEach}", Events(16), streams);
        }

        yield return ("short streams/s (4 messages), 16 at a time", ShortAsync, 16);
        yield return ("observability mode, MB/s in chunks of 64 KiB, 4 streams", WatchAsync, 4);
    }

    private static string[] WaitRow(string name, Rounds<(TimeSpan P50, TimeSpan P99)> waits, Func<(TimeSpan P50, TimeSpan P99), TimeSpan> quantile)
    {
        return
        [
            name,
            Of(waits.Floor(Micros)),
            Of(waits.Floor(Micros, floor: 1)),
            Of(waits.Lethe(Micros)),
            Added(0),
            Added(1),
            "",
        ];

        double Micros((TimeSpan P50, TimeSpan P99) wait) => quantile(wait).TotalMicroseconds;
        string Of(double micros) => Report.Micros(TimeSpan.FromMicroseconds(micros));
        string Added(int floor) => waits.Added(quantile, floor) is var added && added >= TimeSpan.Zero ? "+" + Report.Micros(added) : Report.Micros(added);
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

    /// <summary>A stream whose events are sent so many at a time, as many as its model has ready.</summary>
    private static Func<HttpClient, string, Task<double>> Events(int atOnce)
    {
        byte[] batch = [.. Enumerable.Repeat(Frames.Event, atOnce).SelectMany(frame => frame)];
        return async (http, door) =>
        {
            var call = ProcessingCall.Open(http, door);
            await call.SendAsync(Frames.Opening);
            await call.ReadAnswersAsync(EnvoyFrames.OpeningMessages);
            for (var sent = 0; sent < EventsEach; sent += atOnce)
            {
                await call.SendAsync(batch);
                await call.ReadAnswersAsync(atOnce);
            }

            await call.SendAsync(Frames.Last);
            await call.ReadAnswersAsync(1);
            await call.EndAsync();
            return EnvoyFrames.OpeningMessages + EventsEach + 1;
        };
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

    // Paced by one busy loop: timers would wake all streams at the same moment, and measure how they get into each other's way.
    private static async Task<(TimeSpan P50, TimeSpan P99)> AnswersAsync(ProxyUnderTest under, TimeSpan duration)
    {
        using var http = ProcessingCall.Client();
        var calls = Enumerable.Range(0, 8).Select(_ => ProcessingCall.Open(http, under.EnvoyDoor)).ToArray();
        foreach (var call in calls)
        {
            await call.SendAsync(Frames.Opening);
            await call.ReadAnswersAsync(EnvoyFrames.OpeningMessages);
        }

        var waits = new List<TimeSpan>();
        var clock = Stopwatch.StartNew();
        for (var due = TimeSpan.Zero; due < duration; due += AnswerPause)
        {
            while (clock.Elapsed < due)
            {
                Thread.SpinWait(20);
            }

            var call = calls[waits.Count % calls.Length];
            var began = Stopwatch.GetTimestamp();
            await call.SendAsync(Frames.Event);
            await call.ReadAnswersAsync(1);
            waits.Add(Stopwatch.GetElapsedTime(began));
        }

        foreach (var call in calls)
        {
            await call.SendAsync(Frames.Last);
            await call.EndAsync();
        }

        waits.Sort();
        return (waits[waits.Count / 2], waits[waits.Count * 99 / 100]);
    }

    private static async Task<long> MemoryAsync(ProxyUnderTest proxy)
    {
        await using var under = proxy;
        using var http = ProcessingCall.Client();
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
