using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Lethe.Proxy.Tests.Page;

/// <summary>
/// What somebody who has never seen it reads off the first screen of a session, without a click: what it did, why it cost that, why it missed the cache, which
/// sub-agent failed. With <c>LETHE_PICTURES</c> set to a directory, the README's pictures are made anew there.
/// </summary>
public sealed class FirstScreenTests(Chromium chromium) : IClassFixture<Chromium>
{
    private static readonly ViewportSize Screen = new() { Width = 1440, Height = 900 };

    [Fact]
    public async Task The_first_screen_of_a_session_answers_the_four_questions()
    {
        await using var work = await RecordedWork.StartAsync();
        var session = $"/sessions/{await work.IdAsync()}";
        await using (var visitor = await chromium.VisitAsync(work.Address, new() { ViewportSize = Screen, ColorScheme = ColorScheme.Light }))
        {
            var page = await visitor.OpenAsync(session);
            // What it did: its prompts, with what each took.
            await SeesAsync(page.Locator(".rail .pr").Nth(0), "webhook retry test is flaky");
            await SeesAsync(page.Locator(".rail .pr").Nth(1), "Run it 200 times");
            // Why it cost that: by kind of tokens, agent and prompt.
            await SeesAsync(page.Locator(".figures > div").Nth(0), @"main \$[\d.]+, sub-agents \$[\d.]+.*write \$[\d.]+");
            await SeesAsync(page.Locator(".rail .pr .num").Nth(1), @"\$[\d.]+");
            // Why the cache was missed, and the price of it.
            await SeesAsync(page.Locator(".figures > div").Nth(1), @"missed twice, \$[\d.]+ more.*the tools changed.*not used in time");
            // Which sub-agent failed, and of what.
            await SeesAsync(page.Locator(".figures > div").Nth(4), "1 agent failed.*general-purpose.*rate_limit_error");
            await SeesAsync(page.Locator(".rail .agent .bad"), "failed");

            // And at the turns themselves.
            await Expect(page.Locator("#turn-5 .note")).ToContainTextAsync("Cache expired.");
            await Expect(page.Locator("#turn-6 .note")).ToContainTextAsync(new Regex(@"Cache rebuilt\..*the tools changed \(certain\).*tools\[6\] mcp__linear__create_issue"));
            await Expect(page.Locator("#turn-6 .sub.is-bad")).ToContainTextAsync(new Regex("general-purpose.*failed.*rate limit", RegexOptions.Singleline));
            await Expect(page.Locator(".event").GetByText("Compacted:")).ToBeVisibleAsync();

            await page.GotoAsync($"{session}?turn=6#turn-6");
            await SeesAsync(page.Locator(".insp"), "Why the cache missed.*Certain.*had it hit");
            await Expect(page.Locator(".ladder")).ToContainTextAsync("first difference: tool 7 of 13");
            await TimelineAsync(page);
            await page.GotoAsync($"/sessions/{await work.IdAsync(RecordedWork.Fork)}");
            await Expect(page.Locator(".head .facts")).ToContainTextAsync("forked from");
        }

        await CompareAsync(work, session);
        await ToolAsync(work);
        await PictureAsync(work.Address, session);
    }

    private static async Task TimelineAsync(IPage page)
    {
        Assert.InRange(await page.Locator(".tl .tick").CountAsync(), 3, 12);
        await Expect(page.Locator(".tl .foldt").First).ToHaveTextAsync("idle 1 h 12 min");
        await Expect(page.Locator(".tl .toolt")).Not.ToHaveCountAsync(0);
        await Expect(page.Locator(".tl .seln")).ToHaveCountAsync(1);
        var call = page.Locator(".tlc[data-href*='turn=5']").Locator(".wait.re");
        await call.HoverAsync();
        await Expect(page.Locator(".tl-tip")).ToContainTextAsync("Turn 5:");

        var tick = page.Locator(".tl .tick").Nth(1);
        var whole = (await tick.BoundingBoxAsync())!.X;
        await page.Keyboard.PressAsync("+");
        await Expect(call).ToBeAttachedAsync();
        Assert.NotEqual(whole, (await tick.BoundingBoxAsync())!.X);
        await page.Keyboard.PressAsync("0");
        Assert.Equal(whole, (await tick.BoundingBoxAsync())!.X, 1.0);

        var box = (await page.Locator(".tl-scroll").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + 400, box.Y + 60);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + 700, box.Y + 60, new() { Steps = 4 });
        await page.Mouse.UpAsync();
        Assert.NotEqual(whole, (await tick.BoundingBoxAsync())?.X);
        await page.Mouse.DblClickAsync(box.X + 500, box.Y + 75);
        Assert.Equal(whole, (await tick.BoundingBoxAsync())!.X, 1.0);

        await call.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("turn=5#turn-5$"));
    }

    // From the miss to the two prompts, side by side; a program is told the same.
    private async Task CompareAsync(RecordedWork work, string session)
    {
        await using var visitor = await chromium.VisitAsync(work.Address, new() { ViewportSize = Screen });
        var page = await visitor.OpenAsync($"{session}?turn=6");
        await page.Locator("#turn-6 .note a").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Turn 5 → Turn 6");
        await Expect(page.Locator("main")).ToContainTextAsync(new Regex("6 equal.*mcp__linear__create_issue.*new", RegexOptions.Singleline));
        var told = await work.GetAsync(await page.Locator(".json").GetAttributeAsync("href") ?? "");
        Assert.Equal("tools_changed", told.GetProperty("cache").GetProperty("reason").GetString());
        Assert.Equal(6, told.GetProperty("tools").GetProperty("equal").GetInt32());
        Assert.Equal(["new", .. Enumerable.Repeat("moved", 6)], told.GetProperty("tools").GetProperty("changes").EnumerateArray().Select(change => change.GetProperty("change").GetString()));
        var chain = (await work.GetAsync($"/v1/exchanges/{told.GetProperty("b").GetString()}/chain")).GetProperty("messages");
        await SidesAsync(page);

        // By keys too, from the turn that is looked at.
        await page.GotoAsync($"{session}?turn=6#turn-6");
        await page.Keyboard.PressAsync("d");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Turn 5 → Turn 6");

        // Of two sessions whose calls lie among each other, each is compared with its own: before turn 3 the sub-agent spoke.
        var own = (await work.GetAsync($"/v1/exchanges?session={await work.IdAsync()}")).GetProperty("items")[2].GetProperty("exchange_id").GetString();
        var all = (await work.GetAsync("/v1/exchanges?limit=200")).GetProperty("items").EnumerateArray().ToList();
        Assert.NotEqual(await work.IdAsync(), all[all.FindIndex(call => call.GetProperty("exchange_id").GetString() == own) - 1].GetProperty("session").GetProperty("id").GetString());
        await page.GotoAsync($"/compare?b={own}");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Turn 2 → Turn 3");
        // What is the same is a line that opens; any other turn can be chosen, and no reason is made up for it.
        await page.Locator(".equal summary").Last.ClickAsync();
        await Expect(page.Locator(".equal li").Last).ToBeVisibleAsync();
        await page.GetByLabel("With").SelectOptionAsync(new SelectOptionValue { Label = "turn 6" });
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Turn 6 → Turn 3");
        await Expect(page.Locator(".note")).ToHaveCountAsync(0);

        // What a fork goes on from is told by the chain, and not by the call before it in time.
        var fork = (await work.GetAsync($"/v1/exchanges?session={await work.IdAsync(RecordedWork.Fork)}")).GetProperty("items")[0].GetProperty("exchange_id").GetString();
        await page.GotoAsync($"/compare?b={fork}");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Turn 4 → Turn 1");
        Assert.Equal(told.GetProperty("messages").GetProperty("equal").GetInt32() + told.GetProperty("messages").GetProperty("changes").EnumerateArray().Count(change => change.GetProperty("change").GetString() == "new"), chain.GetArrayLength());
    }

    // Both sides beside each other, line at line, each an element of its own; one below the other where there is no room.
    private static async Task SidesAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Link, new() { Name = "Split" }).ClickAsync();
        var sides = page.Locator(".split:visible").First.Locator("pre");
        await Expect(sides).ToHaveCountAsync(2);
        var (before, now) = ((await sides.First.BoundingBoxAsync())!, (await sides.Last.BoundingBoxAsync())!);
        Assert.Equal(before.Y, now.Y, 1.0);
        Assert.Equal(before.Height, now.Height, 1.0);
        Assert.True(now.X >= before.X + before.Width);
        Assert.False(await sides.Last.EvaluateAsync<bool>("side => { getSelection().selectAllChildren(side); return getSelection().containsNode(side.previousElementSibling, true); }"));
        await page.SetViewportSizeAsync(800, 900);
        Assert.True((await sides.Last.BoundingBoxAsync())!.Y > (await sides.First.BoundingBoxAsync())!.Y);
        await page.SetViewportSizeAsync(Screen.Width, Screen.Height);
        await page.GetByRole(AriaRole.Link, new() { Name = "Unified" }).ClickAsync();
        await Expect(page.Locator(".split")).ToHaveCountAsync(0);
    }

    // One tool: its calls, what failed, how long they took, what they brought, and how it is described.
    private async Task ToolAsync(RecordedWork work)
    {
        await using var visitor = await chromium.VisitAsync(work.Address, new() { ViewportSize = Screen });
        var page = await visitor.OpenAsync("/tools?name=Task");
        await SeesAsync(page.Locator(".figures > div").Nth(0), "2.*0 without an answer");
        await SeesAsync(page.Locator(".figures > div").Nth(1), "1.*50 % of them");
        // Around midnight they are of two days.
        Assert.Equal(2, await page.Locator("#days tbody td:nth-child(2)").EvaluateAllAsync<int>("cells => cells.reduce((sum, cell) => sum + Number(cell.textContent), 0)"));
        await Expect(page.Locator("#uses tbody tr").First).ToContainTextAsync(new Regex(@"turn 6.*Run the suite under load.*✕ failed.* s.*\b35\b", RegexOptions.Singleline));
        var told = await work.GetAsync(await page.Locator(".json").GetAttributeAsync("href") ?? "");
        Assert.Equal((2, 1), (told.GetProperty("calls").GetInt32(), told.GetProperty("failed").GetInt32()));
        Assert.Equal("The agent gave up: rate_limit_error".Length + "They are scheduled in retry.ts, in drain().".Length, told.GetProperty("recent_result_characters").GetInt64());
        await page.ScreenshotAsync(new() { Path = Path.Combine(Checkout.Root, "artifacts", "screenshots", "tool-1440.png"), FullPage = true });

        await page.GotoAsync("/prompts/claude-code");
        await page.GetByRole(AriaRole.Link, new() { Name = "Tool1", Exact = true }).ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync("No agent called it in this time.");
        await Expect(page.Locator("details pre").First).ToContainTextAsync("What Tool1 does.");
        // Colours lie over the text, which stays one node.
        Assert.True(await page.EvaluateAsync<bool>("() => CSS.highlights.get('key').size > 0"));
        Assert.Equal(1, await page.Locator("details pre .cap").First.EvaluateAsync<int>("text => text.childNodes.length"));
    }

    private async Task PictureAsync(string address, string session)
    {
        var directory = Environment.GetEnvironmentVariable("LETHE_PICTURES");
        foreach (var (scheme, width) in new[] { (ColorScheme.Light, 1440), (ColorScheme.Dark, 1440), (ColorScheme.Light, 390), (ColorScheme.Dark, 390) })
        {
            await using var visitor = await chromium.VisitAsync(address, new() { ViewportSize = new() { Width = width, Height = 900 }, ColorScheme = scheme });
            var page = await visitor.OpenAsync($"{session}?turn=6");
            Assert.Equal(0, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"));
            var name = $"session-{scheme.ToString().ToLowerInvariant()}{(width == 1440 ? "" : "-narrow")}.png";
            var kept = Path.Combine(directory is not null && width == 1440 ? directory : Path.Combine(Checkout.Root, "artifacts", "screenshots"), name);
            await page.ScreenshotAsync(new() { Path = kept });
            await page.ScreenshotAsync(new() { Path = Path.Combine(Checkout.Root, "artifacts", "screenshots", "whole-" + name), FullPage = true });
        }
    }

    // In the window as it opened, and not below its edge.
    private static async Task SeesAsync(ILocator place, string words)
    {
        await Expect(place).ToContainTextAsync(new Regex(words, RegexOptions.Singleline));
        var box = await place.BoundingBoxAsync();
        Assert.NotNull(box);
        Assert.InRange(box.Y, 0, Screen.Height - 1);
    }
}
