using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Tests.Agents;
using Microsoft.Playwright;

namespace Lethe.Proxy.Tests.Page;

/// <summary>What a developer does with the page, in the system's Chromium. An error in the console of any tab fails the test.</summary>
public sealed class BrowserTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private RecordedTeam team = null!;

    public async Task InitializeAsync() => team = await RecordedTeam.StartAsync();

    public async Task DisposeAsync() => await team.DisposeAsync();

    [Fact]
    public async Task The_first_call_appears_where_the_ways_to_point_an_agent_here_stood()
    {
        await using var quiet = await RecordedTeam.StartEmptyAsync();
        await using var visitor = await chromium.VisitAsync(quiet.Address);
        var page = await visitor.OpenAsync("/");
        await Expect(page.GetByText("No call has passed yet")).ToBeVisibleAsync();
        await Expect(page.Locator("#no-calls code").First).ToContainTextAsync("lethe exec");
        await Expect(page.Locator("#pulse")).ToHaveTextAsync("Live");

        await quiet.SayAsync(new ModelReply.Say("hello"), [RecordedTeam.User("hi")]);
        await Expect(page.Locator("#calls > li")).ToHaveCountAsync(1);
        await Expect(page.Locator("#calls > li")).ToContainTextAsync("end_turn");
        await Expect(page.Locator("#no-calls")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task What_comes_while_the_list_is_paused_waits_until_it_is_let_in()
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync("/");
        await Expect(page.Locator("#pulse")).ToHaveTextAsync("Live");
        var before = await page.Locator("#calls > li").CountAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await team.SayAsync(new ModelReply.Say("hello"), [RecordedTeam.User("hi")], "another");

        await Expect(page.Locator("#let-in")).ToHaveTextAsync("1 new call");
        await Expect(page.Locator("#calls > li")).ToHaveCountAsync(before);
        await page.Locator("#let-in").ClickAsync();
        await Expect(page.Locator("#calls > li")).ToHaveCountAsync(before + 1);
    }

    [Fact]
    public async Task Sub_agents_stand_in_their_tree_at_the_tool_call_that_started_them_and_lead_there_and_back()
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync($"/sessions/{await team.IdAsync()}");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(RecordedTeam.FirstPrompt);
        await Expect(page.Locator(".agent")).ToHaveTextAsync([new Regex("main"), new Regex(RecordedTeam.Explore), new Regex($"{RecordedTeam.Failing}.*529", RegexOptions.Singleline)]);
        await Expect(page.Locator(".agent").Nth(2).Locator(".glyph")).ToHaveClassAsync(new Regex("bad"));
        await Expect(page.Locator(".figures")).ToContainTextAsync("failed");

        var card = page.Locator("#turn-1 .sub");
        await Expect(card).ToContainTextAsync("2 turns");
        await card.GetByRole(AriaRole.Link, new() { Name = "Open its conversation" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"/sessions/{await team.IdAsync(RecordedTeam.Explore)}"));
        await Expect(page.Locator("#turn-1 .sub")).ToContainTextAsync("Task");
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
    }

    [Fact]
    public async Task A_link_to_a_turn_lands_there_and_the_browser_s_own_search_finds_what_is_shown()
    {
        await team.SayManyAsync(40, "many");
        var id = await team.IdAsync("many");
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync($"/sessions/{id}?turn=37#turn-37");
        await Expect(page.Locator("#turn-37")).ToBeInViewportAsync();
        await Expect(page.Locator("#turn-37")).ToHaveClassAsync(new Regex("is-selected"));
        Assert.True(await page.EvaluateAsync<bool>("() => window.find('answer number 3')"));
        await page.ReloadAsync();
        await Expect(page.Locator("#turn-37")).ToBeInViewportAsync();
    }

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
        await page.Keyboard.PressAsync("u");
        await Expect(page).ToHaveTitleAsync("Sessions · lethe");

        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("scheduleRetry(");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".hit mark")).ToHaveTextAsync("scheduleRetry(");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#turn-2")).ToBeInViewportAsync();
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
    public async Task Of_eight_tabs_one_listens_and_all_show_what_comes()
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var tabs = new List<IPage>();
        for (var tab = 0; tab < 8; tab++)
        {
            tabs.Add(await visitor.OpenAsync("/"));
        }

        await Expect(tabs[0].Locator("#pulse")).ToHaveTextAsync("Live");
        var before = await tabs[0].Locator("#calls > li").CountAsync();
        await team.SayAsync(new ModelReply.Say("hello"), [RecordedTeam.User("hi")], "another");
        foreach (var tab in tabs)
        {
            await Expect(tab.Locator("#calls > li")).ToHaveCountAsync(before + 1);
        }

        Assert.Single(visitor.Requests, address => address.EndsWith("/v1/events", StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_lethe_is_away_what_was_heard_stays_and_afterwards_what_was_missed_comes_once()
    {
        LetheOptions? options = null;
        await using var world = await RecordedTeam.StartEmptyAsync(chosen =>
        {
            chosen.AdminListen = FreeAddress();
            chosen.Listen = FreeAddress();
            options = chosen;
        });
        await world.SayAsync(new ModelReply.Say("before"), [RecordedTeam.User("hi")]);
        await world.UntilStoredAsync();
        await using var visitor = await chromium.VisitAsync(world.Address);
        var page = await visitor.OpenAsync("/");
        await Expect(page.Locator("#pulse")).ToHaveTextAsync("Live");

        visitor.IsServerAway = true;
        await world.Lethe.Host.DisposeAsync();
        await Expect(page.Locator("#pulse")).ToContainTextAsync("Not connected since");
        await Expect(page.Locator("#calls > li")).ToHaveCountAsync(1);

        await using var again = await LetheHost.StartAsync(LetheSettings.Of(options!));
        await world.SayAsync(new ModelReply.Say("meanwhile"), [RecordedTeam.User("hi"), RecordedTeam.Assistant("before"), RecordedTeam.User("again")]);
        await Expect(page.Locator("#pulse")).ToHaveTextAsync("Live");
        await Expect(page.Locator("#calls > li")).ToHaveCountAsync(2);
        await world.SayAsync(new ModelReply.Say("after"), [RecordedTeam.User("another")], "another");
        await Expect(page.Locator("#calls > li")).ToHaveCountAsync(3);
    }

    [Fact]
    public async Task Filters_stand_in_the_address_and_come_back_with_it()
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync("/sessions");
        await page.GetByLabel("Harness").SelectOptionAsync("codex");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Expect(page.GetByText("Nothing matches.")).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Expect(page.GetByLabel("Harness")).ToHaveValueAsync("codex");
        var copied = await visitor.OpenAsync(new Uri(page.Url).PathAndQuery);
        await Expect(copied.GetByText("Nothing matches.")).ToBeVisibleAsync();
        await page.GoBackAsync();
        await Expect(page.Locator("tr")).ToHaveCountAsync(4);
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
    }

    [Fact]
    public async Task A_body_of_ten_megabytes_is_shown_from_its_beginning_and_downloaded_whole()
    {
        var asked = "the beginning " + new string('x', 10_000_000) + " the end";
        await team.SayAsync(new ModelReply.Say("long"), [RecordedTeam.User(asked)], "long");
        await team.UntilStoredAsync();
        var call = (await team.GetAsync($"/v1/exchanges?session={await team.IdAsync("long")}")).GetProperty("items")[0].GetProperty("exchange_id").GetString();
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync($"/exchanges/{call}?tab=request");
        await Expect(page.Locator("pre.body")).ToContainTextAsync("the beginning");
        await Expect(page.Locator("main")).ToContainTextAsync("more characters; the download has them");
        var download = page.WaitForDownloadAsync();
        await page.GetByText("Download as it was on the wire").ClickAsync();
        await using var stream = await (await download).CreateReadStreamAsync();
        using var kept = await System.Text.Json.JsonDocument.ParseAsync(stream);
        Assert.Equal(asked, kept.RootElement.GetProperty("messages")[0].GetProperty("content").GetString());
    }

    private static string FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"http://{listener.LocalEndpoint}";
    }

    private static ILocatorAssertions Expect(ILocator locator) => Assertions.Expect(locator);

    private static IPageAssertions Expect(IPage page) => Assertions.Expect(page);
}
