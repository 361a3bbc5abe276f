using System.Text.Json;
using Microsoft.Playwright;

namespace Lethe.Proxy.Tests.Page;

/// <summary>
/// Every view, light and dark, wide and narrow: axe (https://github.com/dequelabs/axe-core) finds nothing, and nothing is wider than the window. Pictures
/// of them are left in <c>artifacts/screenshots</c>.
/// </summary>
public sealed class AccessibilityTests(Chromium chromium, SharedTeam shared, SharedSignIn closed) : IClassFixture<Chromium>, IClassFixture<SharedTeam>, IClassFixture<SharedSignIn>
{
    internal static readonly string Axe = Path.Combine(Checkout.Root, "artifacts", "browser", "node_modules", "axe-core", "axe.min.js");

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task No_view_has_a_fault_that_axe_knows_or_scrolls_sideways(ColorScheme scheme, int width)
    {
        var team = shared.Team;
        // The policy lets no foreign script in, axe neither.
        await using var visitor = await chromium.VisitAsync(team.Address, new() { BypassCSP = true, ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 900 } });
        var axe = await File.ReadAllTextAsync(Axe);
        var faults = new List<string>();
        await using var stranger = await chromium.VisitAsync(closed.Address, new() { BypassCSP = true, ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 900 } });
        foreach (var (name, path) in (await PageViews.OfAsync(team)).Append(("signin", "/signin")))
        {
            var page = await (name == "signin" ? stranger : visitor).OpenAsync(path);
            await page.EvaluateAsync(axe);
            var violations = await page.EvaluateAsync<JsonElement>("async () => (await axe.run()).violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 160)} (${n.failureSummary})`))");
            faults.AddRange(violations.EnumerateArray().Select(violation => $"{name}: {violation.GetString()}"));
            var wider = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
            faults.AddRange(wider > 0 ? [$"{name}: {wider} px wider than the window"] : []);
            var small = await page.EvaluateAsync<string[]>(SmallTargets);
            faults.AddRange(small.Select(target => $"{name}: a target under 24 px: {target}"));
            await page.ScreenshotAsync(new() { Path = Path.Combine(Checkout.Root, "artifacts", "screenshots", $"{name}-{scheme.ToString().ToLowerInvariant()}-{width}.png"), FullPage = true });
            await page.CloseAsync();
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    // WCAG 2.2, 2.5.8: of controls; links in the run of a text are excepted, and so is what stands alone with room around it.
    private const string SmallTargets = """
        () => [...document.querySelectorAll("button, select, input, summary, nav a")]
          .filter(one => one.checkVisibility() && one.type !== "hidden")
          .map(one => [one, one.getBoundingClientRect()])
          .filter(([one, box]) => box.width > 0 && (box.height < 24 || box.width < 24) && !one.closest("p"))
          .map(([one, box]) => `${one.outerHTML.slice(0, 120)} ${Math.round(box.width)}×${Math.round(box.height)}`)
        """;
}
