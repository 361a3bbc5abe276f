using System.Net;
using System.Threading.Channels;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Forwarding;
using Lethe.Proxy.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>The forwarding door alone, on a port of its own, with what it captured in the test's hands.</summary>
internal sealed class ForwardingDoor : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly WebApplication app;
    private readonly Channel<CapturedExchange> captured = Channel.CreateUnbounded<CapturedExchange>();

    private ForwardingDoor(WebApplication app) => this.app = app;

    public string Address { get; private set; } = "";

    /// <summary>A client that adds, follows and decodes nothing; HTTP/1.1 unless the request says otherwise.</summary>
    public HttpClient Client { get; private set; } = null!;

    public static Task<ForwardingDoor> StartAsync(string upstream, Action<DoorSetup>? adjust = null) =>
        StartAsync(setup =>
        {
            setup.Options.Upstreams["anthropic"] = new() { Address = upstream };
            setup.Options.Upstreams["openai"] = new() { Address = upstream };
            adjust?.Invoke(setup);
        });

    public static async Task<ForwardingDoor> StartAsync(Action<DoorSetup> adjust)
    {
        ForwardingDoor? door = null;
        var setup = new DoorSetup();
        adjust(setup);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(setup.Settings);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listeners.ConfigureLimits(kestrel);
            kestrel.Listen(IPAddress.Loopback, 0, ListenerKind.Forwarding.Mark);
        });
        foreach (var add in setup.Services)
        {
            add(builder.Services);
        }

        builder.Services.AddSingleton(new ExchangeSink(setup.Begin ?? (head => door!.Begin(head, setup)), setup.WhenDurable, setup.Budget));
        builder.Services.AddForwarding(builder.Configuration, setup.Options);
        var app = builder.Build();
        app.MapForwarding();
        door = new ForwardingDoor(app);
        await app.StartAsync();
        door.Address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None, ActivityHeadersPropagator = null };
        door.Client = new HttpClient(handler) { BaseAddress = new Uri(door.Address), Timeout = TimeSpan.FromMinutes(2) };
        return door;
    }

    /// <summary>The next finished exchange.</summary>
    public async Task<CapturedExchange> CapturedAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        return await captured.Reader.ReadAsync(patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    private ExchangeBuilder Begin(ExchangeHead head, DoorSetup setup) => new(head, setup.Options.Capture.BodyBytesMax, TimeProvider.System, Finished);

    private void Finished(ExchangeBuilder builder)
    {
        captured.Writer.TryWrite(builder.Snapshot());
        builder.Dispose();
    }
}

/// <summary>What a test may choose before the door opens.</summary>
internal sealed class DoorSetup
{
    public LetheOptions Options { get; } = new();

    public Dictionary<string, string?> Settings { get; } = [];

    public List<Action<IServiceCollection>> Services { get; } = [];

    public Func<ExchangeHead, ExchangeBuilder>? Begin { get; set; }

    public Func<ExchangeBuilder, ValueTask>? WhenDurable { get; set; }

    public CaptureBudget? Budget { get; set; }
}
