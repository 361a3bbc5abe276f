using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Lethe.Proxy.Admin;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.ExtProc;
using Lethe.Proxy.Forwarding;
using Lethe.Proxy.Metrics;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;

namespace Lethe.Proxy.Hosting;

/// <summary>
/// The whole of lethe in one process: what <c>lethe run</c> and <c>lethe exec</c> start, and what a test starts with every port 0.
/// Starts data directory → journal → listeners, with ingest and the store behind them; stops the other way round.
/// </summary>
internal sealed class LetheHost : IAsyncDisposable
{
    private readonly DataDirectory directory;
    private readonly RecordingPipeline memory;
    private readonly IHost host;
    private bool stopped;

    private LetheHost(DataDirectory directory, RecordingPipeline memory, IHost host, ListeningDoors doors)
    {
        this.directory = directory;
        this.memory = memory;
        this.host = host;
        Doors = doors;
    }

    /// <summary>Where it listens, ports filled in.</summary>
    public ListeningDoors Doors { get; }

    public IServiceProvider Services => host.Services;

    /// <summary>Starts with options made in code.</summary>
    /// <exception cref="HostFault">A port is taken, the directory is not usable or held by another process.</exception>
    public static Task<LetheHost> StartAsync(LetheOptions options, CancellationToken stopping = default) => StartAsync(LetheSettings.Of(options), stopping: stopping);

    /// <param name="configure">Services that a caller brings (a clock, a log), registered last.</param>
    /// <exception cref="HostFault">A port is taken, the directory is not usable or held by another process.</exception>
    public static async Task<LetheHost> StartAsync(LetheSettings settings, Action<IServiceCollection>? configure = null, CancellationToken stopping = default)
    {
        var directory = DataDirectory.Open(settings.Options.DataDirectory);
        RecordingPipeline? memory = null;
        IHost? host = null;
        try
        {
            host = Build(settings, () => memory!, configure);
            var services = host.Services;
            // Counts from now on, not from the first time that somebody asks.
            services.GetRequiredService<MetricRegistry>();
            services.GetService<OtlpExport>();
            memory = await RecordingPipeline.OpenAsync(
                settings.Options, directory.Path, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>());
            await host.StartAsync(stopping);
            await memory.WhenStoreOpenedAsync();
            var doors = Listeners.Bound(services.GetRequiredService<IServer>(), settings.Options);
            doors.Write(directory.Path);
            WarnIfOpenToOthers(settings.Options, services.GetRequiredService<ILogger<LetheHost>>());
            return new LetheHost(directory, memory, host, doors);
        }
        catch (Exception fault)
        {
            if (memory is not null)
            {
                await memory.DisposeAsync();
            }

            host?.Dispose();
            directory.Dispose();
            throw AsHostFault(fault) is { } known ? known : fault;
        }
    }

    /// <summary>Lets running calls end (until <paramref name="patience"/> is cancelled), then closes everything in order.</summary>
    public async Task StopAsync(CancellationToken patience = default)
    {
        if (stopped)
        {
            return;
        }

        stopped = true;
        ListeningDoors.Remove(directory.Path);
        await host.StopAsync(patience);
        await memory.DisposeAsync();
        host.Dispose();
        directory.Dispose();
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    // The read API asks for no credential: loopback is what keeps the conversations private.
    private static void WarnIfOpenToOthers(LetheOptions options, ILogger logger)
    {
        if (ListenAddress.TryParse(options.AdminListen, out var admin) && admin.EndPoint is IPEndPoint { Address: { } address } && !IPAddress.IsLoopback(address))
        {
            Log.AdminIsOpen(logger, options.AdminListen);
        }
    }

    private static IHost Build(LetheSettings settings, Func<RecordingPipeline> memory, Action<IServiceCollection>? configure) => new HostBuilder()
        .ConfigureAppConfiguration(builder => builder.AddConfiguration(settings.Configuration))
        .ConfigureLogging(HostLog.Configure)
        .ConfigureServices(services =>
        {
            services.AddSingleton<IHostLifetime, DetachedLifetime>();
            services.AddSingleton(settings);
            services.AddSingleton(settings.Options);
            services.AddSingleton(TimeProvider.System);
            services.AddSingleton(_ => memory().Sink);
            services.AddSingleton(_ => memory().Reader);
            services.AddSingleton<Func<PipelineState>>(_ => memory().State);
            services.AddSingleton<MetricRegistry>();
            if (OtlpExport.IsAsked(settings.Configuration))
            {
                services.AddSingleton(_ => new OtlpExport(settings.Configuration));
            }

            services.AddRouting();
            services.AddForwarding(settings.Configuration, settings.Options);
            services.AddExtProc(settings.Options);
            services.AddAdmin();
        })
        .ConfigureWebHost(web => web
            .UseKestrelCore()
            .UseSockets()
            .ConfigureServices(services => services.AddSingleton<IMemoryPoolFactory<byte>, SocketBlocks>())
            .UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => Listeners.Configure(kestrel, settings.Options))
            .Configure(DoorPipeline.Configure)
            .ConfigureServices(services => configure?.Invoke(services)))
        .Build();

    private static HostFault? AsHostFault(Exception fault) => fault switch
    {
        IOException { InnerException: AddressInUseException } => new HostFault(fault.Message.TrimEnd('.') + ".", fault),
        SocketException or IOException { InnerException: SocketException } => new HostFault("cannot listen: " + fault.Message, fault),
        FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException or CryptographicException => new HostFault(fault.Message, fault),
        InvalidOperationException { InnerException: AggregateException routes } => new HostFault(
            "the ReverseProxy section does not hold: " + string.Join(' ', routes.InnerExceptions.Select(one => one.Message)), fault, isConfiguration: true),
        _ => null,
    };
}
