using Lethe.Proxy.Tests.Agents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Lethe.Proxy.Tests.Page;

/// <summary>System prompts and tools over time, in the system's Chromium. An error in the console of any tab fails the test.</summary>
public sealed class PromptsTests(Chromium chromium) : IClassFixture<Chromium>
{
    [Fact]
    public async Task Prompts_stand_in_their_versions_and_what_changed_between_two_is_shown()
    {
        await using var team = await RecordedTeam.StartEmptyAsync();
        await team.SayAsync(new ModelReply.Say("one"), [RecordedTeam.User("a")], "one", system: "You are an agent.\nBe kind.\nToday's date: 2026-11-28");
        await team.SayAsync(new ModelReply.Say("two"), [RecordedTeam.User("b")], "two", system: "You are an agent.\nBe kind.\nToday's date: 2026-11-29");
        await team.SayAsync(new ModelReply.Say("three"), [RecordedTeam.User("c")], "three", system: "You are an agent.\nBe brief.\nToday's date: 2026-11-29");
        await team.UntilStoredAsync();
        await using var visitor = await chromium.VisitAsync(team.Address);
        var page = await visitor.OpenAsync("/prompts/claude-code");
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(2);
        await Expect(page.Locator("tbody tr").Nth(1)).ToContainTextAsync("2 texts that differ in dates and places alone");

        await page.GetByRole(AriaRole.Link, new() { Name = "what changed" }).First.ClickAsync();
        await Expect(page.Locator("ins")).ToHaveTextAsync("new: Be brief.");
        await Expect(page.Locator("del")).ToHaveTextAsync("gone: Be kind.");

        // Alone, a prompt has all its lines, and those that do not count are struck through.
        await page.Locator(".facts a").Nth(1).ClickAsync();
        await Expect(page.Locator("pre")).ToContainTextAsync("Be brief.");
        await Expect(page.Locator("pre s")).ToHaveTextAsync("Today's date: 2026-11-29");
    }
}
