using Microsoft.Playwright;

namespace Lethe.Proxy.Tests.Page;

/// <summary>The system's Chromium, headless, for the tests of one class.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Executable = "/usr/bin/chromium";

    private IPlaywright playwright = null!;
    private IBrowser browser = null!;

    public async Task InitializeAsync()
    {
        playwright = await Playwright.CreateAsync();
        // Five seconds are short where other tests kill processes at the same time.
        Assertions.SetDefaultExpectTimeout(30_000);
        browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable });
    }

    public async Task DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }

    /// <summary>A profile whose faults are its test's own matter.</summary>
    internal Task<IBrowserContext> NewContextAsync(string address) => browser.NewContextAsync(new() { BaseURL = address });

    /// <summary>A visitor with no history, who notes whatever goes wrong in his tabs.</summary>
    internal async Task<Visitor> VisitAsync(string address, BrowserNewContextOptions? options = null)
    {
        options ??= new BrowserNewContextOptions();
        options.BaseURL = address;
        options.Locale ??= "en-GB";
        options.TimezoneId ??= "UTC";
        return new Visitor(await browser.NewContextAsync(options), address);
    }
}
