using System.Text.Json;
using Lethe.Proxy.Tests.Agents;
using Microsoft.Playwright;

namespace Lethe.Proxy.Tests.Page;

/// <summary>A session as one file, opened from the disk: it asks for nothing, runs nothing, and says what the page says.</summary>
public sealed class HtmlExportTests(Chromium chromium) : IClassFixture<Chromium>, IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("lethe-test-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task The_file_holds_the_session_and_its_sub_agents_and_has_no_fault_that_axe_knows()
    {
        await using var team = await RecordedTeam.StartAsync();
        var file = await ExportAsync(team, "--session", RecordedTeam.Session);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        await using var visitor = await chromium.VisitAsync("file://" + file);
        var page = await visitor.OpenAsync("file://" + file);
        Assert.Equal(RecordedTeam.FirstPrompt + " · lethe", await page.TitleAsync());
        Assert.Equal(3, await page.Locator(".exported").CountAsync());
        Assert.Equal(0, await page.Locator("script, link, img, iframe, form, [style]").CountAsync());
        // Its styles count, and every link leads to a place in the file.
        Assert.Equal("grid", await page.Locator("dl.figures").First.EvaluateAsync<string>("list => getComputedStyle(list).display"));
        var astray = await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('a[href^=\"#\"]')].filter(a => !document.getElementById(a.hash.slice(1))).map(a => a.outerHTML)");
        var outside = await page.EvaluateAsync<string[]>("() => [...new Set([...document.querySelectorAll('a[href]:not([href^=\"#\"])')].map(a => a.getAttribute('href')))]");
        Assert.Empty(astray);
        Assert.Empty(outside);
        await page.EvaluateAsync("() => document.querySelectorAll('details').forEach(fold => { fold.open = true; })");
        var text = await page.Locator("main").TextContentAsync();
        Assert.Contains("scheduleRetry(attempt)", text, StringComparison.Ordinal);
        Assert.Contains("They are scheduled in", text, StringComparison.Ordinal);
        Assert.Contains("Overloaded", text, StringComparison.Ordinal);

        Assert.Single(visitor.Requests);
        await SameTextAsync(team, text!);
        await using var bypassing = await chromium.VisitAsync("file://" + file, new() { BypassCSP = true });
        foreach (var width in (int[])[1440, 390])
        {
            var wide = await bypassing.OpenAsync("file://" + file);
            await wide.SetViewportSizeAsync(width, 900);
            await wide.EvaluateAsync(await File.ReadAllTextAsync(AccessibilityTests.Axe));
            var faults = await wide.EvaluateAsync<JsonElement>("async () => (await axe.run()).violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 160)} (${n.failureSummary})`))");
            Assert.True(faults.GetArrayLength() == 0, faults.ToString());
            Assert.True(await wide.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, $"wider than {width} px");
            await wide.ScreenshotAsync(new() { Path = Path.Combine(Checkout.Root, "artifacts", "screenshots", $"export-{width}.png"), FullPage = true });
        }
    }

    [Fact]
    public async Task Nothing_that_was_captured_runs_or_loads_in_the_file_and_each_is_shown_as_it_was_said()
    {
        await using var team = await RecordedTeam.StartEmptyAsync();
        var all = string.Join("\n\n", InjectionTests.Corpus);
        var calls = InjectionTests.Corpus.Select((_, at) => new { type = "tool_use", id = $"toolu_1_{at}", name = at == 0 ? "<img src=x onerror=window.hit=1>" : "Read", input = new { at } });
        var results = InjectionTests.Corpus.Select((text, at) => new { type = "tool_result", tool_use_id = $"toolu_1_{at}", content = text });
        object[] said = [RecordedTeam.User(all), RecordedTeam.Assistant(calls), RecordedTeam.User(results)];
        await team.SayAsync(new ModelReply.UseTools([.. InjectionTests.Corpus.Select((_, at) => (at == 0 ? "<img src=x onerror=window.hit=1>" : "Read", (object)new { at }))]), said[..1], system: all);
        await team.SayAsync(new ModelReply.Fail(529, "<script>window.hit=1</script>", all), said);
        await team.SayAsync(new ModelReply.Say(all), said);
        await team.SayAsync(new ModelReply.Fail(400, "<b>", all), [RecordedTeam.User("<u>")], agent: "<script>window.hit=1</script>");
        await team.UntilStoredAsync();
        var file = await ExportAsync(team, "--session", RecordedTeam.Session);

        await using var visitor = await chromium.VisitAsync("file://" + file);
        var page = await visitor.OpenAsync("file://" + file);
        await page.EvaluateAsync("() => document.querySelectorAll('details').forEach(fold => { fold.open = true; })");
        Assert.Null(await page.EvaluateAsync<int?>("() => window.hit ?? null"));
        Assert.Equal(0, await page.Locator("body script, body iframe, body img, body style, body base, body meta, body object, body form, [style], a[href^='javascript' i], a[href^='data' i]").CountAsync());
        Assert.False(await page.EvaluateAsync<bool>("() => [...document.querySelectorAll('*')].some(e => e.getAttributeNames().some(n => n.startsWith('on')))"));
        var shown = await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('main pre')].map(pre => pre.textContent)");
        Assert.All(InjectionTests.Corpus, text => Assert.Contains(InjectionTests.Visible(text), shown));

        var other = await ExportAsync(team, "--session", await InjectionTests.SayHostileAsync(team));
        await page.GotoAsync("file://" + other);
        Assert.Null(await page.EvaluateAsync<int?>("() => window.hit ?? null"));
        Assert.Equal(0, await page.Locator(InjectionTests.Forbidden).CountAsync());
        Assert.All(visitor.Requests, address => Assert.StartsWith("file://", address, StringComparison.Ordinal));
        Assert.Equal(2, visitor.Requests.Count);
    }

    // Turn for turn what the page says of it.
    private async Task SameTextAsync(RecordedTeam team, string exported)
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync($"/sessions/{await team.IdAsync()}");
        foreach (var said in await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('article.turn .said .cap')].map(text => text.textContent)"))
        {
            Assert.Contains(said, exported, StringComparison.Ordinal);
        }
    }

    private async Task<string> ExportAsync(RecordedTeam team, params string[] args)
    {
        var file = Path.Combine(directory, "session.html");
        var (code, output, error) = await LetheProgram.RunAsync(["export", "--format", "html", .. args, "-o", file, "--data", team.Lethe.DataDirectory]);
        Assert.True(code == 0 && output.Length == 0, error);
        return file;
    }
}
