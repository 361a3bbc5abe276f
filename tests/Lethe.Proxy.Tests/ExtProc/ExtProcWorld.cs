using System.Collections.Concurrent;
using System.Threading.Channels;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.ExtProc;
using Lethe.Proxy.Forwarding;
using Lethe.Proxy.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>The product's host with its Envoy door on a free port, and a recorder that keeps what the door hands over.</summary>
internal sealed class ExtProcWorld : IAsyncDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("lethe-extproc-");
    private readonly Channel<CapturedExchange> finished = Channel.CreateUnbounded<CapturedExchange>();
    private readonly ConcurrentDictionary<ExchangeId, ExchangeBuilder> running = new();
    private LetheHost? host;
    private int begun;

    public string Address => host!.Doors.ExtProc!;

    public string Admin => host!.Doors.Admin;

    public string Folder => directory.FullName;

    /// <summary>Calls that have begun and not ended.</summary>
    public int Running => running.Count;

    public int Begun => begun;

    /// <summary>Set to make the recorder fail.</summary>
    public Exception? RecorderFault { get; set; }

    public ExtProcDoor Door => host!.Services.GetRequiredService<ExtProcDoor>();

    public static async Task<ExtProcWorld> StartAsync(Action<LetheOptions>? configure = null, Action<IServiceCollection>? services = null)
    {
        var world = new ExtProcWorld();
        var options = new LetheOptions
        {
            DataDirectory = Path.Combine(world.Folder, "data"),
            Listen = "http://127.0.0.1:0",
            AdminListen = "http://127.0.0.1:0",
        };
        options.ExtProc.Listen = "http://127.0.0.1:0";
        configure?.Invoke(options);
        world.host = await LetheHost.StartAsync(LetheSettings.Of(options), own =>
        {
            own.AddSingleton(new ExchangeSink(world.Begin));
            services?.Invoke(own);
        });
        return world;
    }

    public Task<Http2Connection> ConnectAsync() => Http2Connection.OpenAsync(Address);

    /// <summary>The next exchange that became final.</summary>
    public async Task<CapturedExchange> NextAsync()
    {
        using var bound = new CancellationTokenSource(GrpcStream.WaitMax);
        return await finished.Reader.ReadAsync(bound.Token);
    }

    public bool TryNext(out CapturedExchange? exchange) => finished.Reader.TryRead(out exchange);

    /// <summary>Waits until no stream's state is left: no handler hangs and no capture is open.</summary>
    public async Task IdleAsync()
    {
        using var bound = new CancellationTokenSource(GrpcStream.WaitMax);
        while (Door.OpenStreams > 0 || Running > 0)
        {
            await Task.Delay(5, bound.Token);
        }
    }

    public Task StopAsync() => host!.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await host!.DisposeAsync();
        directory.Delete(recursive: true);
    }

    private ExchangeBuilder Begin(ExchangeHead head)
    {
        if (RecorderFault is { } fault)
        {
            throw fault;
        }

        Interlocked.Increment(ref begun);
        var builder = new ExchangeBuilder(head, 64 * 1024 * 1024, TimeProvider.System, Take);
        running[builder.Id] = builder;
        return builder;
    }

    private void Take(ExchangeBuilder builder)
    {
        running.TryRemove(builder.Id, out _);
        finished.Writer.TryWrite(builder.Snapshot());
        builder.Dispose();
    }
}
