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
        await using var visitor = await chromium.VisitAsync(quiet.Address, new() { Permissions = Clipboard });
        var page = await visitor.OpenAsync("/");
        await Expect(page.GetByText("No call has passed yet")).ToBeVisibleAsync();
        await Expect(page.Locator("#no-calls code").First).ToContainTextAsync("lethe exec");
        await page.GetByLabel("Copy the line for Claude Code").ClickAsync();
        Assert.Equal(await page.Locator("#way-1").TextContentAsync(), await page.EvaluateAsync<string>("() => navigator.clipboard.readText()"));
        await Expect(page.Locator("#pulse")).ToHaveTextAsync("Live");
        await StampAsync(page);

        await quiet.SayAsync(new ModelReply.Say("hello"), [RecordedTeam.User("hi")]);
        await Expect(page.Locator("#calls > li")).ToHaveCountAsync(1);
        await Expect(page.Locator("#calls > li")).ToContainTextAsync("end_turn");
        await Expect(page.Locator("#no-calls")).ToHaveCountAsync(0);
        Assert.True(await IsStampedAsync(page));
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
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();

        // What comes while a row has the focus waits too, and the focus stays where it is.
        var row = page.Locator("#calls .where").First;
        await row.FocusAsync();
        await team.SayAsync(new ModelReply.Say("hello again"), [RecordedTeam.User("hi"), RecordedTeam.Assistant("hello"), RecordedTeam.User("again")], "another");
        await Expect(page.Locator("#let-in")).ToBeVisibleAsync();
        await Expect(row).ToBeFocusedAsync();
        await page.Keyboard.PressAsync(".");
        await Expect(page.Locator("#calls > li")).ToHaveCountAsync(before + 2);
        await Expect(page.Locator("#calls .where").Nth(1)).ToBeFocusedAsync();

        // A call refused, cut and answered is one row; with trouble alone the others are not shown.
        Assert.Equal(5 + 2, await page.Locator("#calls > li").CountAsync());
        await Expect(page.Locator("#calls")).ToContainTextAsync("end_turn, after refused (529): overloaded_error, then the stream was cut");
        await page.Locator("#only-trouble").ClickAsync();
        await Expect(page.Locator("#calls > li:visible")).ToHaveCountAsync(3);
        await Expect(page).ToHaveURLAsync(new Regex("trouble=1$"));
        await page.Locator("#only-trouble").ClickAsync();
        await Expect(page.Locator("#calls > li:visible")).ToHaveCountAsync(7);
    }

    [Fact]
    public async Task A_call_on_its_way_is_shown_until_it_has_ended()
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync("/");
        await Expect(page.Locator("#pulse")).ToHaveTextAsync("Live");
        using var seen = new ManualResetEventSlim();
        var session = await visitor.OpenAsync($"/sessions/{await team.IdAsync()}");
        await Expect(session.Locator("#pulse")).ToHaveTextAsync("Live");
        await StampAsync(session);
        var saying = team.SayAsync(
            new ModelReply.Say("said slowly, and at such a length that some tokens of it have come already") { Midway = () => seen.Wait(TimeSpan.FromSeconds(60)), MidwayAfter = 12 }, [RecordedTeam.User("go on")]);
        await Expect(page.Locator("#open-list li")).ToContainTextAsync(new Regex("after turn 2.*≈ 1[0-9] tokens", RegexOptions.Singleline));
        await Expect(page.Locator("#open-calls")).ToHaveTextAsync("1 call open");
        await Expect(page).ToHaveTitleAsync("● 1 open · lethe");
        // It counts up, though nothing more of it comes; how fast its words came is drawn beside it.
        await page.BringToFrontAsync();
        var elapsed = page.Locator("#open-list .elapsed");
        await Expect(elapsed).Not.ToHaveTextAsync(await elapsed.TextContentAsync() ?? "");
        await Expect(page.Locator("#open-list .spark rect").First).ToBeAttachedAsync();
        // At the end of its session too.
        await Expect(session.Locator(".said-col #open-list li")).ToContainTextAsync("after turn 2");
        seen.Set();
        await saying;
        await Expect(page.Locator("#open-list li")).ToHaveCountAsync(0);
        await Expect(page).ToHaveTitleAsync("Live · lethe");
        await Expect(session.Locator("#open-list li")).ToHaveCountAsync(0);
        await Expect(session.Locator("#turn-3")).ToContainTextAsync("said slowly");
        Assert.True(await IsStampedAsync(session));
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
        await page.ReloadAsync();
        await Expect(page.Locator("#turn-37")).ToBeInViewportAsync();
        Assert.True(await page.EvaluateAsync<bool>("() => window.find('answer number 3')"));
    }

    [Fact]
    public async Task A_session_goes_on_before_the_reader_s_eyes_and_what_came_while_he_looked_away_stands_behind_a_rule()
    {
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync($"/sessions/{await team.IdAsync(RecordedTeam.Explore)}");
        await Expect(page.Locator("#pulse")).ToHaveTextAsync("Live");
        await page.GetByRole(AriaRole.Button, new() { Name = "Follow" }).ClickAsync();
        await StampAsync(page);
        var read = page.Locator("#turn-1 .no a");
        await read.EvaluateAsync("link => link.focus({ preventScroll: true })");
        await team.SayAsync(new ModelReply.Say("I look on."), [RecordedTeam.User("Go on")], RecordedTeam.Explore);
        await Expect(page.Locator("#turn-3")).ToContainTextAsync("I look on.");
        // Where somebody reads within a turn, nothing moves and the focus stays.
        await Expect(read).ToBeFocusedAsync();
        await read.EvaluateAsync("link => link.blur()");
        await team.SayAsync(new ModelReply.Say("I still look on."), [RecordedTeam.User("Go on"), RecordedTeam.Assistant("I look on."), RecordedTeam.User("Still?")], RecordedTeam.Explore);
        await Expect(page.Locator("#turn-4")).ToContainTextAsync("I still look on.");
        await Expect(page.Locator("#turn-4")).ToBeInViewportAsync();
        await Expect(page.Locator(".facts").First).ToContainTextAsync("4 turns");
        await Expect(page.Locator("#follow")).ToHaveAttributeAsync("aria-pressed", "true");

        await page.EvaluateAsync("() => Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })");
        await team.SayAsync(new ModelReply.Say("And on."), [RecordedTeam.User("Go on still")], RecordedTeam.Explore);
        await Expect(page).ToHaveTitleAsync(new Regex("^\\(1\\) "));
        await page.EvaluateAsync("() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); }");
        await Expect(page.Locator(".unread")).ToContainTextAsync("new since");
        await Expect(page.Locator(".unread + #turn-5")).ToHaveCountAsync(1);
        await Expect(page).Not.ToHaveTitleAsync(new Regex("^\\("));
        Assert.True(await IsStampedAsync(page));
    }

    [Fact]
    public async Task What_is_copied_has_the_characters_themselves_where_chips_are_shown()
    {
        const string Said = "a\u200Bb\u202Ec";
        await team.SayAsync(new ModelReply.Say("seen"), [RecordedTeam.User(Said)], "invisible");
        await team.UntilStoredAsync();
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync($"/sessions/{await team.IdAsync("invisible")}");
        await Expect(page.Locator(".ask")).ToContainTextAsync("aU+200BbU+202Ec");
        var copied = await page.EvaluateAsync<string>(
            """
            () => {
              getSelection().selectAllChildren(document.querySelector(".ask bdi"));
              const copy = new ClipboardEvent("copy", { clipboardData: new DataTransfer(), bubbles: true, cancelable: true });
              document.querySelector(".ask").dispatchEvent(copy);
              return copy.clipboardData.getData("text/plain");
            }
            """);
        Assert.Equal(Said, copied);
        await Expect(page.Locator(".ask")).ToContainTextAsync("aU+200BbU+202Ec");
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

        // Counted where they end: at the server.
        Assert.Equal(1, (await team.GetAsync("/v1/health")).GetProperty("listeners").GetInt32());
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

        await StampAsync(page);
        visitor.IsServerAway = true;
        await world.Lethe.Host.DisposeAsync();
        await Expect(page.Locator("#pulse")).ToContainTextAsync("Not connected since");
        await Expect(page.Locator("#calls > li")).ToHaveCountAsync(1);

        await Expect(page.Locator("#pulse")).ToHaveClassAsync(new Regex("is-lost"));
        // As another build would answer.
        await page.RouteAsync("**/?part=open", async route =>
        {
            var answer = await route.FetchAsync();
            await route.FulfillAsync(new() { Response = answer, Body = (await answer.TextAsync()).Replace("data-build=\"", "data-build=\"/another", StringComparison.Ordinal) });
        });

        await using var again = await LetheHost.StartAsync(LetheSettings.Of(options!));
        await world.SayAsync(new ModelReply.Say("meanwhile"), [RecordedTeam.User("hi"), RecordedTeam.Assistant("before"), RecordedTeam.User("again")]);
        await Expect(page.Locator("#pulse")).ToHaveTextAsync("Live");
        await Expect(page.Locator("#calls > li")).ToHaveCountAsync(2);
        await world.SayAsync(new ModelReply.Say("after"), [RecordedTeam.User("another")], "another");
        await Expect(page.Locator("#calls > li")).ToHaveCountAsync(3);
        await Expect(page.Locator("#updated")).ToHaveTextAsync("lethe was updated: reload");
        Assert.True(await IsStampedAsync(page));
    }

    [Fact]
    public async Task A_body_of_ten_megabytes_is_shown_from_its_beginning_and_downloaded_whole()
    {
        var asked = "the beginning " + new string('x', 10_000_000) + " the end";
        await team.SayAsync(new ModelReply.Say("long"), [RecordedTeam.User(asked)], "long");
        await team.UntilStoredAsync();
        var call = (await team.GetAsync($"/v1/exchanges?session={await team.IdAsync("long")}")).GetProperty("items")[0].GetProperty("exchange_id").GetString();
        await using var visitor = await chromium.VisitAsync(team.Address, new() { Permissions = Clipboard });
        var page = await visitor.OpenAsync($"/exchanges/{call}?tab=request");
        await Expect(page.Locator(".body")).ToContainTextAsync("the beginning");
        await Expect(page.Locator("main")).ToContainTextAsync("more characters; the download has them");
        var download = page.WaitForDownloadAsync();
        await page.GetByText("Download as it was on the wire").ClickAsync();
        await using var stream = await (await download).CreateReadStreamAsync();
        using var kept = await System.Text.Json.JsonDocument.ParseAsync(stream);
        Assert.Equal(asked, kept.RootElement.GetProperty("messages")[0].GetProperty("content").GetString());

        // Raw, all of it is there in pieces: the end is gone to, and what is copied is what was sent.
        await page.GotoAsync($"/exchanges/{call}?tab=request&form=raw");
        await Expect(page.Locator(".whole p.piece")).Not.ToHaveCountAsync(0);
        await page.Locator(".whole .piece").Last.ScrollIntoViewIfNeededAsync();
        await Expect(page.Locator(".whole pre.piece").Last).ToContainTextAsync(" the end");
        await page.Locator(".copy-body").ClickAsync();
        await Expect(page.Locator(".copy-body")).ToHaveTextAsync("Copied");
        Assert.True(await page.EvaluateAsync<bool>("async address => await navigator.clipboard.readText() === await (await fetch(address)).text()", $"/v1/exchanges/{call}/request"));
    }

    private static readonly string[] Clipboard = ["clipboard-read", "clipboard-write"];

    // What a page loaded anew would not have.
    private static Task<System.Text.Json.JsonElement?> StampAsync(IPage page) => page.EvaluateAsync("() => { window.stamp = 1; }");

    private static Task<bool> IsStampedAsync(IPage page) => page.EvaluateAsync<bool>("() => window.stamp === 1");

    private static string FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"http://{listener.LocalEndpoint}";
    }

    private static ILocatorAssertions Expect(ILocator locator) => Assertions.Expect(locator);

    private static IPageAssertions Expect(IPage page) => Assertions.Expect(page);
}
