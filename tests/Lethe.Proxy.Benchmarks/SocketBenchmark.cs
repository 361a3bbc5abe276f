using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;

namespace Lethe.Proxy.Benchmarks;

/// <summary>WebSockets of the Responses API with capture on against bare YARP: messages a second, and what is added between a question and the first word of its answer.</summary>
internal static class SocketBenchmark
{
    private static readonly byte[] Question = Encoding.UTF8.GetBytes(
        $$$"""{"type":"response.create","model":"gpt-5.5","previous_response_id":"resp_bench","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"{{{new string('x', 1_900)}}}"}]}]}""");

    private const int Rounds = 3;

    private const string GivenUp = "lethe_websocket_captures_given_up_total";

    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeadIn = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(2);

    // A second of such load is many turns to store: what is not stored by then is waited for no longer, and the table says so.
    private static readonly TimeSpan SettleTimeMax = TimeSpan.FromSeconds(9);

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
        var unsettled = 0;
        var givenUp = await lethe.Metrics!.ValueAsync(GivenUp);
        var measured = new List<(SocketLoad Floor, SocketLoad Lethe)>();
        for (var round = 0; round < Rounds; round++)
        {
            unsettled += await lethe.SettleAsync(SettleTimeMax) ? 0 : 1;
            measured.Add((await OneAsync(floor), await OneAsync(lethe)));
        }

        givenUp = await lethe.Metrics!.ValueAsync(GivenUp) - givenUp;
        report.Table(
            $"WebSockets, capture on: 2 KB question, {SocketUpstream.Events} messages answer{(deflates ? ", permessage-deflate" : "")}, c={connections}",
            ["bare YARP messages/s", "lethe messages/s", "ratio", "bare YARP p50 to the first word", "added p50", "added p99", "captures given up", "rounds begun unsettled"],
            [
                [
                    Report.Count(Report.Median(measured.Select(one => one.Floor.MessagesPerSecond))),
                    Report.Count(Report.Median(measured.Select(one => one.Lethe.MessagesPerSecond))),
                    Report.Ratio(Report.Median(measured.Select(one => one.Lethe.MessagesPerSecond / one.Floor.MessagesPerSecond))),
                    Report.Micros(Median(measured, one => one.Floor.FirstWordP50)),
                    Report.Micros(Median(measured, one => one.Lethe.FirstWordP50 - one.Floor.FirstWordP50)),
                    Report.Micros(Median(measured, one => one.Lethe.FirstWordP99 - one.Floor.FirstWordP99)),
                    Report.Count(givenUp),
                    Report.Count(unsettled),
                ],
            ]);

        async Task<SocketLoad> OneAsync(ProxyUnderTest proxy)
        {
            await LoadAsync(proxy, connections, deflates, LeadIn);
            return await LoadAsync(proxy, connections, deflates, Each);
        }
    }

    private static TimeSpan Median(List<(SocketLoad Floor, SocketLoad Lethe)> measured, Func<(SocketLoad Floor, SocketLoad Lethe), TimeSpan> figure) =>
        TimeSpan.FromTicks((long)Report.Median(measured.Select(one => (double)figure(one).Ticks)));

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
