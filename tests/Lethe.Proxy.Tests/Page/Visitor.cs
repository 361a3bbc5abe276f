using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Lethe.Proxy.Tests.Page;

/// <summary>
/// A browser's profile on a running lethe. Any error in its console, a broken content policy among them, any script that fails, and any request that
/// leaves the origin fails the test at its end.
/// </summary>
internal sealed class Visitor : IAsyncDisposable
{
    private readonly IBrowserContext context;
    private readonly string origin;
    private readonly ConcurrentQueue<string> faults = new();
    private readonly ConcurrentQueue<string> requests = new();
    private readonly ConcurrentQueue<string> others = new();

    public Visitor(IBrowserContext context, string origin)
    {
        this.context = context;
        this.origin = origin;
        context.SetDefaultTimeout(30_000);
        context.Console += (_, message) => Note(message.Type == "error", $"console: {message.Text} ({message.Page?.Url})");
        context.WebError += (_, error) => Note(true, $"script: {error.Error} ({error.Page?.Url})");
        context.Request += (_, request) =>
        {
            requests.Enqueue(request.Url);
            Note(!request.Url.StartsWith(origin, StringComparison.Ordinal) && !others.Any(other => request.Url.StartsWith(other, StringComparison.Ordinal)), $"a request left the origin: {request.Url}");
        };
    }

    /// <summary>The addresses that its tabs asked for.</summary>
    public IReadOnlyCollection<string> Requests => requests;

    /// <summary>The server is taken away on purpose: that nothing answers is told in the console and is no fault.</summary>
    public bool IsServerAway { get; set; }

    /// <summary>This origin is left for another, and come back to.</summary>
    public void MayVisit(string other) => others.Enqueue(other);

    public async Task<IPage> OpenAsync(string path)
    {
        var page = await context.NewPageAsync();
        await page.GotoAsync(path);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        Assert.Empty(faults);
    }

    private void Note(bool isFault, string what)
    {
        if (isFault && !(IsServerAway && what.Contains("net::ERR_", StringComparison.Ordinal)))
        {
            faults.Enqueue(what);
        }
    }
}
