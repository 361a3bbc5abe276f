using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Lethe.Proxy.Tests.Page;

/// <summary>What a developer reads of a recorded session, in the system's Chromium: nothing is added to it. An error in the console of any tab fails the test.</summary>
public sealed class ReadingTests(Chromium chromium, SharedTeam shared) : IClassFixture<Chromium>, IClassFixture<SharedTeam>
{
    private readonly RecordedTeam team = shared.Team;

    [Fact]
    public async Task Sub_agents_stand_in_their_tree_at_the_tool_call_that_started_them_and_lead_there_and_back()
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync($"/sessions/{await team.IdAsync()}");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(RecordedTeam.FirstPrompt);
        await Expect(page.Locator(".agent")).ToHaveTextAsync([new Regex("main"), new Regex(RecordedTeam.Explore), new Regex($"{RecordedTeam.Failing}.*529", RegexOptions.Singleline)]);
        await Expect(page.Locator(".agent").Nth(2).Locator(".glyph")).ToHaveClassAsync(new Regex("bad"));
        await Expect(page.Locator(".figures")).ToContainTextAsync("failed");

        await Expect(page.Locator(".agent").Nth(2)).ToHaveClassAsync(new Regex(@"\bd2\b"));
        Assert.Equal("rgb(180, 35, 24)", await page.Locator(".figures b.bad").EvaluateAsync<string>("words => getComputedStyle(words).color"));
        // What each cost itself, and all of them together, as a program is told it.
        var (own, explored) = (await CostAsync(null), await CostAsync(RecordedTeam.Explore));
        await Expect(page.Locator(".agent").Nth(0)).ToContainTextAsync(Money(own));
        await Expect(page.Locator(".agent").Nth(1)).ToContainTextAsync(Money(explored));
        await Expect(page.Locator(".figures > div").First).ToContainTextAsync(new Regex($"{Regex.Escape(Money(own + explored))}.*main {Regex.Escape(Money(own))}, sub-agents {Regex.Escape(Money(explored))}", RegexOptions.Singleline));

        var card = page.Locator("#turn-1 .sub");
        await Expect(card).ToContainTextAsync("2 turns");
        await Expect(card).ToContainTextAsync("Find where retries are scheduled");
        await Expect(page.Locator("#turn-2 .sub")).ToHaveCountAsync(0);
        await card.GetByRole(AriaRole.Link, new() { Name = "Open its conversation" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"/sessions/{await team.IdAsync(RecordedTeam.Explore)}"));
        await Expect(page.Locator("#turn-1 .sub.is-bad")).ToContainTextAsync(new Regex("failed.*Overloaded.*Task", RegexOptions.Singleline));
        await page.Locator(".crumbs a").Last.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"/sessions/{await team.IdAsync()}"));
    }

    [Fact]
    public async Task A_call_refused_cut_and_answered_is_one_turn_with_its_tries_folded()
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync($"/sessions/{await team.IdAsync()}");
        await Expect(page.Locator("article.turn")).ToHaveCountAsync(2);
        var tries = page.Locator("#turn-2 .tries");
        await Expect(tries.Locator("summary")).ToContainTextAsync("2 calls failed before this one");
        await Expect(tries.Locator("li").First).Not.ToBeVisibleAsync();
        await tries.Locator("summary").ClickAsync();
        await Expect(tries.Locator("li").First).ToContainTextAsync("refused (529)");
        await Expect(tries.Locator("li")).ToHaveCountAsync(2);

        // Each is counted once.
        var counters = (await team.GetAsync($"/v1/sessions/{await team.IdAsync()}")).GetProperty("session").GetProperty("counters");
        Assert.Equal((4, 2, 2), (counters.GetProperty("exchanges").GetInt32(), counters.GetProperty("turns").GetInt32(), counters.GetProperty("attempts").GetInt32()));
        await Expect(page.Locator("#head .facts")).ToContainTextAsync("2 turns, and 2 in 2 sub-agents");
        await Expect(page.Locator(".figures")).ToContainTextAsync("3 calls refused or cut");

        // What kinds of sections stand open, the browser remembers.
        await tries.Locator("summary").ClickAsync();
        await page.Locator("#folds").GetByText("failed tries").ClickAsync();
        await Expect(tries.Locator("li").First).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Expect(page.Locator("#folds button[data-kind=tries]")).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(tries.Locator("li").First).ToBeVisibleAsync();
    }

    private async Task<long> CostAsync(string? agent) =>
        (await team.GetAsync($"/v1/sessions/{await team.IdAsync(agent)}")).GetProperty("session").GetProperty("counters").GetProperty("cost_nano_usd").GetInt64();

    private static string Money(long nanoUsd) => "$" + (nanoUsd / 1e9).ToString(nanoUsd >= 100_000_000 ? "0.00" : "0.0000", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public async Task Everything_is_reached_with_keys_alone()
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync("/");
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("s");
        await Expect(page).ToHaveTitleAsync("Sessions · lethe");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(RecordedTeam.FirstPrompt);

        await page.Keyboard.PressAsync("k");
        await Expect(page.Locator("#turn-2 .no a")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("o");
        await Expect(page.Locator("#turn-2 .tries li").First).ToBeVisibleAsync();

        // To the sub-agent, to the one that failed in it, and back.
        await page.Keyboard.PressAsync("k");
        await Expect(page.Locator("#turn-1 .no a")).ToBeFocusedAsync();
        var there = page.Locator("#turn-1 .sub").GetByText("Open its conversation");
        for (var stop = 0; stop < 6 && !await there.EvaluateAsync<bool>("link => link === document.activeElement"); stop++)
        {
            await page.Keyboard.PressAsync("Tab");
        }

        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex($"/sessions/{await team.IdAsync(RecordedTeam.Explore)}"));
        await page.Keyboard.PressAsync("n");
        await Expect(page.Locator("#turn-1 .sub.is-bad")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex($"/sessions/{await team.IdAsync(RecordedTeam.Failing)}"));
        await page.Keyboard.PressAsync("u");
        await Expect(page).ToHaveURLAsync(new Regex($"/sessions/{await team.IdAsync(RecordedTeam.Explore)}"));
        await page.Keyboard.PressAsync("u");
        await Expect(page.Locator("#turn-2")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("u");
        await Expect(page).ToHaveTitleAsync("Sessions · lethe");

        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("scheduleRetry(");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".hit mark")).ToHaveTextAsync("scheduleRetry(");
        await page.Keyboard.PressAsync("j");
        // The turn that it was said in stands beside the list, with the words marked.
        await Expect(page.Locator("#pane")).ToContainTextAsync(new Regex("Turn 2.*with a fixed clock now", RegexOptions.Singleline));
        Assert.True(await page.EvaluateAsync<bool>("() => CSS.highlights.get('found').size > 0"));
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#turn-2")).ToBeInViewportAsync();
    }

    [Fact]
    public async Task Help_lists_the_keys_and_switches_them_off_and_a_turn_is_gone_to_by_its_number()
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync($"/sessions/{await team.IdAsync()}");
        await page.Keyboard.PressAsync("Control+k");
        await Expect(page.Locator("dialog input")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("turn 2");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex("turn=2#turn-2$"));
        await page.Keyboard.PressAsync("Shift+J");
        await Expect(page.Locator(".ask").First).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("n");
        await Expect(page.Locator("#turn-2 .tries")).ToBeFocusedAsync();

        await page.Keyboard.PressAsync("?");
        await Expect(page.Locator("dialog")).ToContainTextAsync("next and previous prompt");
        await page.Locator("dialog input").UncheckAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator("dialog")).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("u");
        await page.Keyboard.PressAsync("?");
        await page.Locator("dialog input").CheckAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page).ToHaveURLAsync(new Regex("turn=2#turn-2$"));
        await page.Keyboard.PressAsync("u");
        await Expect(page).ToHaveTitleAsync("Sessions · lethe");
    }

    [Fact]
    public async Task The_first_stop_of_the_tabulator_leads_past_the_bar()
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync("/sessions");
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.Locator(".skip")).ToBeFocusedAsync();
        await Expect(page.Locator(".skip")).ToBeInViewportAsync();
    }

    [Fact]
    public async Task Filters_stand_in_the_address_and_come_back_with_it()
    {
        await using var visitor = await chromium.VisitAsync(team.Address, new() { Permissions = ["clipboard-read", "clipboard-write"] });
        var page = await visitor.OpenAsync("/sessions");
        await Expect(page.GetByLabel("Harness").Locator("option")).ToHaveTextAsync(["any", "claude-code (1)"]);
        await page.GetByLabel("Trouble").SelectOptionAsync("failed_agent");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        // The same rows after a reload, and from a link that was copied.
        var shown = await page.Locator("tbody").InnerTextAsync();
        await page.ReloadAsync();
        Assert.Equal(shown, await page.Locator("tbody").InnerTextAsync());
        await page.Keyboard.PressAsync("y");
        await page.WaitForFunctionAsync("async () => (await navigator.clipboard.readText()).startsWith('http')");
        var link = await page.EvaluateAsync<string>("() => navigator.clipboard.readText()");
        Assert.Equal(page.Url, link);
        var shared = await visitor.OpenAsync(new Uri(link).PathAndQuery);
        Assert.Equal(shown, await shared.Locator("tbody").InnerTextAsync());
        await page.GetByLabel("Contains").FillAsync("nothing of the kind");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Expect(page.GetByText("Nothing matches.")).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Expect(page.GetByLabel("Trouble")).ToHaveValueAsync("failed_agent");
        var copied = await visitor.OpenAsync(new Uri(page.Url).PathAndQuery);
        await Expect(copied.GetByText("Nothing matches.")).ToBeVisibleAsync();
        await page.GoBackAsync();
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        Assert.Equal(shown, await page.Locator("tbody").InnerTextAsync());
        // Each filter is taken away by its own.
        await copied.GetByRole(AriaRole.Link, new() { Name = "q: nothing of the kind" }).ClickAsync();
        Assert.Equal(shown, await copied.Locator("tbody").InnerTextAsync());
    }

    [Fact]
    public async Task Sub_agents_hang_below_their_session_where_it_is_unfolded_and_heads_of_columns_sort()
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync("/sessions");
        var rows = page.Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(1);
        await Expect(rows.First).ToContainTextAsync("1 sub-agent failed");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(rows).ToHaveCountAsync(3);
        await Expect(rows.First).ToHaveAttributeAsync("aria-expanded", "true");
        await Expect(rows.Nth(2)).ToHaveAttributeAsync("aria-level", "3");

        // The row that was unfolded has the focus still, and from what hangs below it there is a way back.
        await Expect(rows.First.Locator("th a")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("j");
        await Expect(rows.Nth(1).Locator("th a")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("ArrowLeft");
        await Expect(rows.First.Locator("th a")).ToBeFocusedAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Cost", Exact = true }).ClickAsync();
        await Expect(page.Locator("th[aria-sort=descending]")).ToHaveTextAsync("Cost");
        await Expect(rows).ToHaveCountAsync(3);
        await page.Locator(".below").ClickAsync();
        await Expect(rows).ToHaveCountAsync(1);
        await Expect(page.Locator("th[aria-sort=descending]")).ToHaveTextAsync("Cost");
    }

    [Fact]
    public async Task Every_view_can_be_read_without_script()
    {
        await using var visitor = await chromium.VisitAsync(team.Address, new() { JavaScriptEnabled = false });
        foreach (var (name, path) in await PageViews.OfAsync(team))
        {
            var page = await visitor.OpenAsync(path);
            await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeVisibleAsync();
            Assert.False(string.IsNullOrWhiteSpace(await page.Locator("main").InnerTextAsync()), name);
            await page.CloseAsync();
        }
    }

    [Fact]
    public async Task Times_are_the_reader_s_own_and_those_of_all_at_a_key()
    {
        await using var visitor = await chromium.VisitAsync(team.Address, new() { TimezoneId = "Asia/Kolkata" });
        var page = await visitor.OpenAsync("/");
        var time = page.Locator("#calls time").First;
        var at = DateTimeOffset.Parse((await time.GetAttributeAsync("datetime"))!, System.Globalization.CultureInfo.InvariantCulture);
        await Expect(time).ToHaveTextAsync(at.ToOffset(new TimeSpan(5, 30, 0)).ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture));
        await page.Keyboard.PressAsync("t");
        await Expect(time).ToHaveTextAsync(at.ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture));
        await Expect(time).ToHaveAttributeAsync("title", new Regex("UTC$"));
        await page.Keyboard.PressAsync("t");
        await Expect(time).ToHaveTextAsync(new Regex("^[0-9]+ (s|min) ago$"));
        await page.Keyboard.PressAsync("t");
        await Expect(time).ToHaveTextAsync(at.ToOffset(new TimeSpan(5, 30, 0)).ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Nothing_moves_for_who_wants_no_motion_and_bars_have_edges_where_colours_are_forced()
    {
        await using var visitor = await chromium.VisitAsync(team.Address, new() { ReducedMotion = ReducedMotion.Reduce, ForcedColors = ForcedColors.Active });
        var page = await visitor.OpenAsync($"/sessions/{await team.IdAsync()}");
        Assert.Equal("auto", await page.EvaluateAsync<string>("() => getComputedStyle(document.documentElement).scrollBehavior"));
        Assert.Equal("solid", await page.Locator(".bar").First.EvaluateAsync<string>("bar => getComputedStyle(bar).outlineStyle"));
        await page.EmulateMediaAsync(new() { Media = Media.Print });
        await Expect(page.Locator(".top")).Not.ToBeVisibleAsync();
        await Expect(page.Locator("#turn-1")).ToBeVisibleAsync();
        await page.GotoAsync("/");
        const string Comes = "row => { row.classList.add('is-new'); return getComputedStyle(row).animationName; }";
        Assert.Equal("none", await page.Locator("#calls > li").First.EvaluateAsync<string>(Comes));
        await page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.NoPreference, Media = Media.Screen });
        Assert.Equal("appear", await page.Locator("#calls > li").First.EvaluateAsync<string>(Comes));
    }

    private static ILocatorAssertions Expect(ILocator locator) => Assertions.Expect(locator);

    private static IPageAssertions Expect(IPage page) => Assertions.Expect(page);
}
