using System.Data.Common;
using System.Net.Sockets;
using System.Security.Cryptography;
using Lethe.Ingest.Meaning;
using Lethe.Proxy.Access;
using Lethe.Proxy.Admin;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.ExtProc;
using Lethe.Proxy.Forwarding;
using Lethe.Proxy.Metrics;
using Lethe.Proxy.Page;
using Lethe.Proxy.Recording;
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
    private readonly IHost host;
    private bool stopped;

    private LetheHost(DataDirectory directory, IHost host, ListeningDoors doors)
    {
        this.directory = directory;
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
        var directory = await DataDirectory.OpenAsync(settings.Options.DataDirectory, TimeProvider.System);
        IHost? host = null;
        try
        {
            host = Build(settings, directory.Path, configure);
            var services = host.Services;
            // Counts from now on, not from the first time that somebody asks.
            services.GetRequiredService<MetricRegistry>();
            services.GetService<OtlpExport>();
            var memory = services.GetRequiredService<RecordingPipeline>();
            await host.StartAsync(stopping);
            await memory.WhenStoreOpenedAsync();
            var doors = Listeners.Bound(services.GetRequiredService<IServer>(), settings.Options);
            doors.Write(directory.Path);
            if (services.GetRequiredService<TokenRule>().AtAdmin && services.GetRequiredService<TokenBook>().IsEmpty)
            {
                Log.NoTokenYet(services.GetRequiredService<ILogger<LetheHost>>(), settings.Options.AdminListen);
            }

            return new LetheHost(directory, host, doors);
        }
        catch (Exception fault)
        {
            await CloseAsync(directory, host);
            throw AsHostFault(fault) is { } known ? known : fault;
        }
    }

    /// <summary>Lets running calls end (until <paramref name="patience"/> is cancelled), then closes everything in order, whatever of it fails.</summary>
    /// <exception cref="HostFault">The disk refused what was to be written at the end.</exception>
    public async Task StopAsync(CancellationToken patience = default)
    {
        if (stopped)
        {
            return;
        }

        stopped = true;
        try
        {
            await StopDoorsAsync(patience);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or DbException or StoreRefusedException)
        {
            throw new HostFault("the end was not in good order: " + fault.Message, fault);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task StopDoorsAsync(CancellationToken patience)
    {
        try
        {
            ListeningDoors.Remove(directory.Path);
        }
        finally
        {
            try
            {
                await host.StopAsync(patience);
            }
            finally
            {
                await CloseAsync(directory, host);
            }
        }
    }

    // The memory is among its services, and goes last but for the log.
    private static async Task CloseAsync(DataDirectory directory, IHost? host)
    {
        try
        {
            if (host is not null)
            {
                await ((IAsyncDisposable)host).DisposeAsync();
            }
        }
        finally
        {
            directory.Dispose();
        }
    }

    private static IHost Build(LetheSettings settings, string dataDirectory, Action<IServiceCollection>? configure) => new HostBuilder()
        .ConfigureAppConfiguration(builder => builder.AddConfiguration(settings.Configuration))
        .ConfigureLogging(HostLog.Configure)
        .ConfigureServices(services =>
        {
            services.AddSingleton<IHostLifetime, DetachedLifetime>();
            services.AddSingleton(settings);
            services.AddSingleton(settings.Options);
            services.AddSingleton(TimeProvider.System);
            services.AddSingleton(provider => RecordingPipeline.Open(
                settings.Options, dataDirectory, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));
            services.AddSingleton(provider => provider.GetRequiredService<RecordingPipeline>().Sink);
            services.AddSingleton(provider => provider.GetRequiredService<RecordingPipeline>().Reader);
            services.AddSingleton(provider => provider.GetRequiredService<RecordingPipeline>().Produced);
            services.AddSingleton(provider => provider.GetRequiredService<RecordingPipeline>().Calls);
            services.AddSingleton<ReadinessCheck>();
            services.AddHealthChecks().AddCheck<ReadinessCheck>("readiness");
            services.AddSingleton<MetricRegistry>();
            if (OtlpExport.IsAsked(settings.Configuration))
            {
                services.AddSingleton(_ => new OtlpExport(settings.Configuration));
            }

            services.AddRouting();
            services.AddForwarding(settings.Configuration, settings.Options);
            services.AddExtProc(settings.Options);
            services.AddAdmin(settings.Options);
            services.AddPage();
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
