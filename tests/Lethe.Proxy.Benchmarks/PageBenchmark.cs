using System.Diagnostics;
using System.Globalization;
using Microsoft.Playwright;

namespace Lethe.Proxy.Benchmarks;

/// <summary>
/// The page in Debian's Chromium against its budget: <c>page [paint] [tabs] [long] [lasting] [events]</c>. Chromium, lethe, the model and the load share the machine; what a figure
/// needs of it idle is measured while nothing else is asked.
/// </summary>
internal static class PageBenchmark
{
    private const string Executable = "/usr/bin/chromium";
    private const int EventsDefault = 20_000;
    private static readonly string[] Parts = ["paint", "tabs", "long", "lasting"];

    private const int Paints = 20;
    private const int Rows = 60;
    private const int LargeBytes = 10_000_000;
    private const int UsualTurns = 50;
    private const int LongTurns = 2_000;
    private const int Frames = 300;
    private const int FramePixels = 700;
    private const int TabRounds = 5;
    private const int LoadClients = 4;
    private const double TabCallsPerSecond = 200;

    private static readonly TimeSpan RowWaitMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(4);

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

        if (Asked("paint"))
        {
            Tell(report, "A session of 50 turns", await PaintAsync(browser, lethe.Admin!, $"/sessions/{await traffic.ConverseAsync(UsualTurns)}"));
            var large = await traffic.SayLargeAsync(LargeBytes);
            await lethe.SettleAsync();
            Tell(report, "A body of 10 MB", [await LargeAsync(browser, lethe.Admin!, $"/exchanges/{large}?tab=request")]);
            Tell(report, "Live", [await RowsAsync(browser, lethe.Admin!, traffic)]);
        }

        if (Asked("tabs"))
        {
            report.Table($"Three open tabs, {TabCallsPerSecond:0} calls/s", ["", "none open", "three open", ""], await TabsAsync(browser, lethe, await traffic.ConverseAsync(UsualTurns)));
        }

        if (Asked("long"))
        {
            var @long = await traffic.ConverseAsync(LongTurns);
            await lethe.SettleAsync();
            Tell(report, $"A session of {Report.Count(LongTurns)} turns", await WholeAsync(browser, lethe.Admin!, $"/sessions/{@long}"));
        }

        if (Asked("lasting"))
        {
            Tell(report, $"{Report.Count(events)} events on Live", await LastingAsync(browser, lethe, traffic, events));
        }

        bool Asked(string part) => !arguments.Any(Parts.Contains) || arguments.Contains(part);
    }

    // As soon as it is known: who waits for the next sees this one.
    private static void Tell(Report report, string title, IEnumerable<string[]> rows) => report.Table(title, ["", "budget", "p50", "p95"], rows);

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

        await using var reader = await browser.NewContextAsync(new() { BaseURL = address });
        var open = await OpenAsync(reader, path);
        var pieces = await open.EvaluateAsync<double[]>(
            """
            async (times) => {
              const took = [];
              for (let i = 0; i < times; i++) {
                const began = performance.now();
                await (await fetch(`${location.pathname}?part=turns&from=0&to=50`)).text();
                took.push(performance.now() - began);
              }
              return took;
            }
            """,
            Paints);
        return [Row("first contentful paint", "300 ms", paints, "ms"), Row("transferred before it", "150 KB", bytes, "KB"), Row("its 50 turns, rendered and transferred", "25 ms", [.. pieces], "ms")];
    }

    // All of it in one document, by its button; then from its top to its end.
    private static async Task<List<string[]>> WholeAsync(IBrowser browser, string address, string path)
    {
        await using var visitor = await browser.NewContextAsync(new() { BaseURL = address });
        var page = await OpenAsync(visitor, path);
        var first = await FirstPaintAsync(page);
        await page.WaitForSelectorAsync(".load-all:not([hidden])");
        var took = await page.EvaluateAsync<double>(
            """
            (turns) => new Promise((whole) => {
              const began = performance.now();
              const done = () => document.querySelectorAll("article.turn").length >= turns;
              const watch = new MutationObserver(() => { if (done()) { watch.disconnect(); requestAnimationFrame(() => whole(performance.now() - began)); } });
              watch.observe(document.getElementById("conversation"), { childList: true, subtree: true });
              document.querySelector(".load-all").click();
            })
            """,
            LongTurns);
        var nodes = await page.EvaluateAsync<int>("() => { const all = document.createNodeIterator(document); let count = 0; while (all.nextNode()) count++; return count; }");
        var frames = await page.EvaluateAsync<double[]>(
            """
            ([frames, pixels]) => new Promise((scrolled) => {
              const took = [];
              let last = performance.now();
              const next = (now) => {
                took.push(now - last);
                last = now;
                scrollBy({ top: pixels, behavior: "instant" });
                if (took.length < frames) requestAnimationFrame(next);
                else scrolled(took.slice(1));
              };
              requestAnimationFrame(next);
            })
            """,
            new[] { Frames, FramePixels });
        return
        [
            ["first contentful paint", "", $"{first:0} ms", ""], ["all turns, loaded", "4 s", $"{took:0} ms", ""], ["nodes in the document then", "100,000", Report.Count(nodes), ""],
            Row("a frame while scrolling", "50 ms", [.. frames], "ms"),
        ];
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

    // By turns, so that both see the same machine; and at a rate that leaves room on it, for Chromium takes its part besides what it asks of lethe.
    private static async Task<List<string[]>> TabsAsync(IBrowser browser, ProxyUnderTest lethe, string session)
    {
        var (without, with) = (new List<CallCost>(), new List<CallCost>());
        await CallsAsync(lethe);
        for (var round = 0; round < TabRounds; round++)
        {
            without.Add(await CallsAsync(lethe));
            await using var visitor = await browser.NewContextAsync(new() { BaseURL = lethe.Admin });
            foreach (var path in (string[])["/", $"/sessions/{session}", "/costs"])
            {
                await OpenAsync(visitor, path);
            }

            with.Add(await CallsAsync(lethe));
        }

        return
        [
            Compared("first byte of a call, p50", cost => cost.FirstByteP50, Report.Micros),
            Compared("first byte of a call, p99", cost => cost.FirstByteP99, Report.Micros),
            Compared("lethe's processor time in a second", cost => cost.Processor, Report.Micros),
        ];

        string[] Compared(string what, Func<CallCost, TimeSpan> figure, Func<TimeSpan, string> shown) =>
            [what, shown(Median(without, figure)), shown(Median(with, figure)), Report.Ratio(Median(with, figure) / Median(without, figure))];
        static TimeSpan Median(List<CallCost> costs, Func<CallCost, TimeSpan> figure) => TimeSpan.FromTicks((long)Report.Median(costs.Select(cost => (double)figure(cost).Ticks)));
    }

    private static async Task<CallCost> CallsAsync(ProxyUnderTest lethe)
    {
        var body = AgentBodies.Request(20_000, 1, stream: true);
        var (before, clock) = (lethe.ProcessorTime(), Stopwatch.StartNew());
        var load = await Load.RunAsync(lethe.Listen + "/anthropic/v1/messages?events=40", () => body, LoadClients, RoundTime, TabCallsPerSecond);
        return new CallCost(load.FirstByteP50, load.FirstByteP99, (lethe.ProcessorTime() - before) / clock.Elapsed.TotalSeconds);
    }

    /// <param name="Processor">Of lethe, in a second.</param>
    private sealed record CallCost(TimeSpan FirstByteP50, TimeSpan FirstByteP99, TimeSpan Processor);

    private static async Task<IPage> OpenAsync(IBrowserContext visitor, string path)
    {
        var page = await visitor.NewPageAsync();
        await page.GotoAsync(path);
        return page;
    }

    private static Task<double> FirstPaintAsync(IPage page) => page.EvaluateAsync<double>(
        "() => new Promise(painted => new PerformanceObserver((list, one) => { const paint = list.getEntriesByName('first-contentful-paint')[0]; if (paint) { one.disconnect(); painted(paint.startTime); } }).observe({ type: 'paint', buffered: true }))");

    private static string[] Row(string name, string budget, List<double> took, string unit)
    {
        took.Sort();
        return [name, budget, In(took[took.Count / 2]), In(took[took.Count * 95 / 100])];

        string In(double value) => value.ToString("0 ", CultureInfo.InvariantCulture) + unit;
    }
}
