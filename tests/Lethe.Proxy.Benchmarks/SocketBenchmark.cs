using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;

namespace Lethe.Proxy.Benchmarks;

/// <summary>WebSockets of the Responses API with capture on against bare YARP: messages a second, and what is added between a question and the first word of its answer.</summary>
internal static class SocketBenchmark
{
    private static readonly byte[] Question = Encoding.UTF8.GetBytes(
        $$$"""{"type":"response.create","model":"gpt-5.5","previous_response_id":"resp_bench","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"{{{new string('x', 1_900)}}}"}]}]}""");

    private const string GivenUp = "lethe_websocket_captures_given_up_total";

    // What a second of such load leaves to be stored takes seconds, and is waited for between the rounds.
    private const int RoundsCount = 3;
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(Report report)
    {
        await using var upstream = await Upstream.StartAsync();
        await using var floor = await ProxyUnderTest.BareYarpAsync(upstream.Address);
        await using var lethe = await ProxyUnderTest.LetheAsync(upstream.Address);
        foreach (var proxy in (ProxyUnderTest[])[floor, lethe])
        {
            await LoadAsync(proxy, 16, deflates: false, Warmup);
        }

        foreach (var (connections, deflates) in new[] { (1, false), (16, false), (16, true) })
        {
            await MeasureAsync(report, floor, lethe, connections, deflates);
        }
    }

    private static async Task MeasureAsync(Report report, ProxyUnderTest floor, ProxyUnderTest lethe, int connections, bool deflates)
    {
        var givenUp = await lethe.Metrics!.ValueAsync(GivenUp);
        var rounds = await Rounds<SocketLoad>.RunAsync([floor], lethe, (proxy, duration) => LoadAsync(proxy, connections, deflates, duration), RoundsCount, Each);
        givenUp = await lethe.Metrics!.ValueAsync(GivenUp) - givenUp;
        report.Table(
            $"WebSockets, capture on: 2 KB question, {SocketUpstream.Events} messages answer{(deflates ? ", permessage-deflate" : "")}, c={connections}",
            ["bare YARP messages/s", "lethe messages/s", "ratio", "bare YARP p50 to the first word", "added p50", "added p99", "captures given up"],
            [
                [
                    Report.Count(rounds.Floor(one => one.MessagesPerSecond)),
                    Report.Count(rounds.Lethe(one => one.MessagesPerSecond)),
                    rounds.Ratio(one => one.MessagesPerSecond),
                    Report.Micros(TimeSpan.FromTicks((long)rounds.Floor(one => one.FirstWordP50.Ticks))),
                    Report.Micros(rounds.Added(one => one.FirstWordP50)),
                    Report.Micros(rounds.Added(one => one.FirstWordP99)),
                    Report.Count(givenUp),
                ],
            ]);
    }

    private static async Task<SocketLoad> LoadAsync(ProxyUnderTest proxy, int connections, bool deflates, TimeSpan duration)
    {
        var url = new Uri(proxy.Listen.Replace("http:", "ws:", StringComparison.Ordinal) + "/anthropic/v1/responses");
        var clock = Stopwatch.StartNew();
        var waits = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(() => TalkAsync(url, deflates, clock, duration))));
        var elapsed = clock.Elapsed;
        var sorted = waits.SelectMany(ticks => ticks).Order().ToArray();
        return new SocketLoad(sorted.Length * (SocketUpstream.Events + 1) / elapsed.TotalSeconds, At(sorted, 0.50), At(sorted, 0.99));
    }

    /// <summary>One connection, a question when the last one is answered; Stopwatch ticks to the first word of each answer.</summary>
    private static async Task<List<long>> TalkAsync(Uri url, bool deflates, Stopwatch clock, TimeSpan duration)
    {
        var waits = new List<long>(64 * 1024);
        using var socket = new ClientWebSocket();
        socket.Options.Proxy = null;
        socket.Options.DangerousDeflateOptions = deflates ? new WebSocketDeflateOptions() : null;
        await socket.ConnectAsync(url, CancellationToken.None);
        var buffer = new byte[64 * 1024];
        while (clock.Elapsed < duration)
        {
            var asked = Stopwatch.GetTimestamp();
            await socket.SendAsync(Question.AsMemory(), WebSocketMessageType.Text, true, CancellationToken.None);
            for (var heard = 0; heard < SocketUpstream.Events;)
            {
                var got = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                heard += got.EndOfMessage ? 1 : 0;
                if (heard == 1 && got.EndOfMessage)
                {
                    waits.Add(Stopwatch.GetTimestamp() - asked);
                }
            }
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        return waits;
    }

    private static TimeSpan At(long[] sorted, double quantile) =>
        TimeSpan.FromSeconds(sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * quantile))] / (double)Stopwatch.Frequency);

    private sealed record SocketLoad(double MessagesPerSecond, TimeSpan FirstWordP50, TimeSpan FirstWordP99);
}
