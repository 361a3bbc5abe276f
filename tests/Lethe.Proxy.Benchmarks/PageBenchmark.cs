using System.Globalization;
using Microsoft.Playwright;

namespace Lethe.Proxy.Benchmarks;

/// <summary>
/// The page in Debian's Chromium against its budget: <c>page [events]</c>. Chromium, lethe, the model and the load share the machine; what a figure
/// needs of it idle is measured while nothing else is asked.
/// </summary>
internal static class PageBenchmark
{
    private const string Executable = "/usr/bin/chromium";
    private const int EventsDefault = 20_000;
    private const int Paints = 20;
    private const int Rows = 60;
    private const int LargeBytes = 10_000_000;
    private const int LongTurns = 2_000;
    private const int LoadClients = 4;

    private static readonly TimeSpan RowWaitMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(6);

    public static Task RunAsync(Report report) => RunAsync(report, []);

    public static async Task RunAsync(Report report, IReadOnlyList<string> arguments)
    {
        var events = arguments.Select(word => int.TryParse(word, out var count) ? count : 0).Append(EventsDefault).First(count => count > 0);
        await using var upstream = await Upstream.StartAsync();
        await using var lethe = await ProxyUnderTest.LetheAsync(upstream.Address);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var traffic = new PageTraffic(lethe, http);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable });

        Console.Error.WriteLine("page: conversations …");
        var (usual, large, @long) = (await traffic.ConverseAsync(50), await traffic.SayLargeAsync(LargeBytes), await traffic.ConverseAsync(LongTurns));
        await lethe.SettleAsync();
        var rows = new List<string[]>();
        Console.Error.WriteLine("page: views …");
        rows.AddRange(await PaintAsync(browser, lethe.Admin!, $"/sessions/{usual}"));
        rows.Add(await WholeAsync(browser, lethe.Admin!, $"/sessions/{@long}"));
        rows.Add(await LargeAsync(browser, lethe.Admin!, $"/exchanges/{large}?tab=request"));
        Console.Error.WriteLine("page: live …");
        rows.Add(await RowsAsync(browser, lethe.Admin!, traffic));
        rows.AddRange(await LastingAsync(browser, lethe, traffic, events));
        Console.Error.WriteLine("page: three tabs …");
        rows.AddRange(await TabsAsync(browser, lethe, usual));
        report.Table("The page, in Chromium", ["", "budget", "p50", "p95"], rows);
    }

    private static async Task<List<string[]>> PaintAsync(IBrowser browser, string address, string path)
    {
        var (paints, bytes) = (new List<double>(), new List<double>());
        for (var i = 0; i < Paints; i++)
        {
            // A visitor who has nothing in his cache.
            await using var visitor = await browser.NewContextAsync(new() { BaseURL = address });
            var page = await OpenAsync(visitor, path);
            paints.Add(await FirstPaintAsync(page));
            bytes.Add(await page.EvaluateAsync<double>(
                "() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].filter(e => e.startTime < performance.getEntriesByName('first-contentful-paint')[0].startTime).reduce((sum, e) => sum + e.transferSize, 0) / 1000"));
        }

        return [Row("a session of 50 turns, first contentful paint", "300 ms", paints, "ms"), Row("transferred before it", "150 KB", bytes, "KB")];
    }

    // In pieces, as links lead from one to the next.
    private static async Task<string[]> WholeAsync(IBrowser browser, string address, string path)
    {
        await using var visitor = await browser.NewContextAsync(new() { BaseURL = address });
        var page = await OpenAsync(visitor, path + "?from=0");
        var turns = await page.EvaluateAsync<int>("() => document.querySelectorAll('article.turn').length");
        var took = await LoadedAsync(page);
        for (var from = turns; from < LongTurns; from += turns)
        {
            await page.GotoAsync($"{path}?from={from}");
            took += await LoadedAsync(page);
        }

        return [$"a session of {LongTurns:#,0} turns, in pieces of {turns}", "4 s", $"{took:0} ms", ""];
    }

    private static async Task<string[]> LargeAsync(IBrowser browser, string address, string path)
    {
        var took = new List<double>();
        for (var i = 0; i < Paints; i++)
        {
            await using var visitor = await browser.NewContextAsync(new() { BaseURL = address });
            took.Add(await FirstPaintAsync(await OpenAsync(visitor, path)));
        }

        return Row("a body of 10 MB, opened", "300 ms", took, "ms");
    }

    // From the last byte of a call to its row on the screen.
    private static async Task<string[]> RowsAsync(IBrowser browser, string address, PageTraffic traffic)
    {
        await using var visitor = await browser.NewContextAsync(new() { BaseURL = address });
        var page = await OpenAsync(visitor, "/");
        await page.WaitForFunctionAsync("() => document.getElementById('pulse').textContent === 'Live'");
        var took = new List<double>();
        for (var i = 0; i < Rows; i++)
        {
            // The next row, as soon as the browser has drawn it.
            var shown = page.EvaluateAsync<double>(
                """
                (waitMax) => new Promise((shown, late) => {
                  const watch = new MutationObserver(() => { watch.disconnect(); requestAnimationFrame(() => shown(Date.now())); });
                  watch.observe(document.getElementById('calls'), { childList: true });
                  setTimeout(() => late(new Error('no row came')), waitMax);
                })
                """,
                RowWaitMax.TotalMilliseconds);
            await traffic.SayAsync();
            var ended = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            took.Add(Math.Max(0, await shown - ended));
        }

        return Row("a call's end to its row on Live", "500 ms", took, "ms");
    }

    private static async Task<List<string[]>> LastingAsync(IBrowser browser, ProxyUnderTest lethe, PageTraffic traffic, int events)
    {
        Console.Error.WriteLine($"page: {events} events …");
        await using var visitor = await browser.NewContextAsync(new() { BaseURL = lethe.Admin });
        var page = await OpenAsync(visitor, "/");
        var devtools = await visitor.NewCDPSessionAsync(page);
        await devtools.SendAsync("Performance.enable");
        // The list is as full as it gets before the first look.
        await SayManyAsync(traffic, Math.Min(events, 1_000));
        var (heap, _) = await MemoryAsync(devtools);
        await SayManyAsync(traffic, events);
        var (after, nodes) = await MemoryAsync(devtools);
        return
        [
            [$"heap growth over {Report.Count(events)} events on Live", "10 MB", $"{(after - heap) / 1e6:0.0} MB", ""],
            ["nodes on Live after them", "15,000", Report.Count(nodes), ""],
        ];
    }

    private static async Task SayManyAsync(PageTraffic traffic, int events)
    {
        await Task.WhenAll(Enumerable.Range(0, LoadClients).Select(async client =>
        {
            for (var i = client; i < events; i += LoadClients)
            {
                await traffic.SayAsync();
            }
        }));
        await traffic.UntilStoredAsync();
    }

    private static async Task<(double Heap, double Nodes)> MemoryAsync(ICDPSession devtools)
    {
        await devtools.SendAsync("HeapProfiler.collectGarbage");
        var metrics = (await devtools.SendAsync("Performance.getMetrics"))!.Value.GetProperty("metrics").EnumerateArray()
            .ToDictionary(metric => metric.GetProperty("name").GetString()!, metric => metric.GetProperty("value").GetDouble());
        return (metrics["JSHeapUsedSize"], metrics["Nodes"]);
    }

    // By turns, so that both see the same machine; Chromium takes its part of it besides what it asks of lethe.
    private static async Task<List<string[]>> TabsAsync(IBrowser browser, ProxyUnderTest lethe, string session)
    {
        var (calls, processor) = (new List<double>(), new List<double>());
        await CallsAsync(lethe);
        for (var round = 0; round < 5; round++)
        {
            var without = await CallsAsync(lethe);
            await using var visitor = await browser.NewContextAsync(new() { BaseURL = lethe.Admin });
            foreach (var path in (string[])["/", $"/sessions/{session}", "/costs"])
            {
                await OpenAsync(visitor, path);
            }

            var with = await CallsAsync(lethe);
            calls.Add(with.CallsPerSecond / without.CallsPerSecond);
            processor.Add(with.Processor / without.Processor);
        }

        return
        [
            ["calls a second with three tabs open, of those with none", "1.00×", Report.Ratio(Report.Median(calls)), ""],
            ["lethe's processor time a call, of that with none", "1.00×", Report.Ratio(Report.Median(processor)), ""],
        ];
    }

    private static async Task<(double CallsPerSecond, double Processor)> CallsAsync(ProxyUnderTest lethe)
    {
        var body = AgentBodies.Request(20_000, 1, stream: true);
        var before = lethe.ProcessorTime();
        var load = await Load.RunAsync(lethe.Listen + "/anthropic/v1/messages?events=40", () => body, LoadClients, RoundTime);
        await lethe.SettleAsync();
        return (load.CallsPerSecond, (lethe.ProcessorTime() - before).TotalMilliseconds / (load.CallsPerSecond * RoundTime.TotalSeconds));
    }

    private static async Task<IPage> OpenAsync(IBrowserContext visitor, string path)
    {
        var page = await visitor.NewPageAsync();
        await page.GotoAsync(path);
        return page;
    }

    private static Task<double> FirstPaintAsync(IPage page) => page.EvaluateAsync<double>(
        "() => new Promise(painted => new PerformanceObserver((list, one) => { const paint = list.getEntriesByName('first-contentful-paint')[0]; if (paint) { one.disconnect(); painted(paint.startTime); } }).observe({ type: 'paint', buffered: true }))");

    private static Task<double> LoadedAsync(IPage page) => page.EvaluateAsync<double>("() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd");

    private static string[] Row(string name, string budget, List<double> took, string unit)
    {
        took.Sort();
        return [name, budget, In(took[took.Count / 2]), In(took[took.Count * 95 / 100])];

        string In(double value) => value.ToString("0 ", CultureInfo.InvariantCulture) + unit;
    }
}
