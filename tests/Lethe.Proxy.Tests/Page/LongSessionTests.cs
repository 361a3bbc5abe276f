using System.Text.Json;
using Lethe.Proxy.Tests.Agents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Lethe.Proxy.Tests.Page;

/// <summary>A session of two thousand turns: seen as it goes on, by somebody who leaves Live open, and read afterwards, in pieces.</summary>
public sealed class LongSessionTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const int Turns = 2_000;
    private const int Clients = 8;
    private const int RowsMax = 500;
    private const int LiveNodesMax = 15_000;
    private const int CollectionsMax = 50;
    private const double HeapGrowthBytesMax = 10_000_000;

    /// <summary>Though each of these turns has a prompt and an event of its own, as those of no agent have.</summary>
    private const int SessionNodesMax = 100_000;
    private const string Long = "long";

    [Fact]
    public async Task Two_thousand_turns_leave_Live_as_small_as_it_was_and_are_read_in_pieces_around_the_one_that_is_asked_for()
    {
        await using var team = await RecordedTeam.StartEmptyAsync();
        await using var visitor = await chromium.VisitAsync(team.Address);
        var live = await visitor.OpenAsync("/");
        await Expect(live.Locator("#pulse")).ToHaveTextAsync("Live");
        await team.SayInParallelAsync(Turns / 4, Clients, Long);
        var before = await MemoryAsync(live);
        await team.SayInParallelAsync(Turns * 3 / 4, Clients, Long);
        // What has left the list goes with the collections behind it.
        var after = await MemoryAsync(live);
        for (var collection = 1; collection < CollectionsMax && after.Nodes > LiveNodesMax; collection++)
        {
            await live.EvaluateAsync("() => new Promise(requestAnimationFrame)");
            after = await MemoryAsync(live);
        }

        Assert.InRange(await live.Locator("#calls > li").CountAsync(), 1, RowsMax);
        Assert.True(after.Nodes <= LiveNodesMax, $"{after.Nodes} nodes");
        Assert.True(after.Heap - before.Heap < HeapGrowthBytesMax, $"{before.Heap} → {after.Heap}");
        await live.CloseAsync();
        await ReadAsync(visitor, $"/sessions/{await team.IdAsync(Long)}");
        await using var plain = await chromium.VisitAsync(team.Address, new() { JavaScriptEnabled = false });
        await PageAsync(plain, $"/sessions/{await team.IdAsync(Long)}");
    }

    // Without script the pieces that are left out are ordinary pages.
    private static async Task PageAsync(Visitor visitor, string session)
    {
        var page = await visitor.OpenAsync(session);
        await Expect(page.Locator("#turn-2000")).ToBeAttachedAsync();
        await Expect(page.Locator("#turn-51")).Not.ToBeAttachedAsync();
        await page.Locator("#conversation > .gap a").First.ClickAsync();
        await Expect(page.Locator("#turn-51")).ToBeAttachedAsync();
        await Expect(page.Locator("#turn-450")).ToBeAttachedAsync();
        await page.Locator("#conversation > .gap a").Last.ClickAsync();
        await Expect(page.Locator("#turn-451")).ToBeAttachedAsync();
    }

    private static async Task ReadAsync(Visitor visitor, string session)
    {
        var page = await visitor.OpenAsync($"{session}?turn=1700#turn-1700");
        var asked = page.Locator("#turn-1700");
        await Expect(asked).ToBeInViewportAsync();
        await Expect(page.Locator("#conversation > .gap")).ToHaveCountAsync(2);
        // The others come above it and below, and it stays where it is.
        await page.EvaluateAsync("() => document.querySelector('.load-all').click()");
        await Expect(page.Locator("article.turn")).ToHaveCountAsync(Turns, new() { Timeout = 60_000 });
        await Expect(page.Locator("#conversation > .gap")).ToHaveCountAsync(0);
        await Expect(asked).ToBeInViewportAsync();
        var astray = await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('article.turn')].map((turn, at) => turn.id === `turn-${at + 1}` ? '' : `${at + 1}: ${turn.id}`).filter((one) => one).slice(0, 5)");
        Assert.Empty(astray);
        Assert.Equal(await page.Locator("#conversation [id]").CountAsync(), await page.EvaluateAsync<int>("() => new Set([...document.querySelectorAll('#conversation [id]')].map(one => one.id)).size"));
        Assert.InRange(await page.EvaluateAsync<int>("() => { const all = document.createNodeIterator(document); let count = 0; while (all.nextNode()) count++; return count; }"), 1, SessionNodesMax);
        var text = await page.Locator("#conversation > section:has(#turn-900) > .ask .cap").TextContentAsync();
        Assert.True(await page.EvaluateAsync<bool>("text => { getSelection().removeAllRanges(); return window.find(text); }", text));
    }

    private static async Task<(double Heap, double Nodes)> MemoryAsync(IPage page)
    {
        var devtools = await page.Context.NewCDPSessionAsync(page);
        await devtools.SendAsync("Performance.enable");
        await devtools.SendAsync("HeapProfiler.collectGarbage");
        var metrics = (await devtools.SendAsync("Performance.getMetrics"))!.Value.GetProperty("metrics").EnumerateArray()
            .ToDictionary(metric => metric.GetProperty("name").GetString()!, metric => metric.GetProperty("value").GetDouble());
        await devtools.DetachAsync();
        return (metrics["JSHeapUsedSize"], metrics["Nodes"]);
    }
}
