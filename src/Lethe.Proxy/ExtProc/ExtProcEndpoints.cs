using System.Net.Sockets;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.ExtProc.Policies;
using Lethe.Proxy.Forwarding;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Lethe.Proxy.ExtProc;

/// <summary>The Envoy door's parts and routes.</summary>
internal static class ExtProcEndpoints
{
    public static void AddExtProc(this IServiceCollection services, LetheOptions options)
    {
        var mode = UnixSocket.TryParseMode(options.ExtProc.SocketMode, out var configured) ? configured : UnixSocket.OwnerOnly;
        services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = endPoint => endPoint is UnixDomainSocketEndPoint path
            ? UnixSocket.Bind(path, mode)
            : SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint));
        services.AddSingleton(provider => new RequestPolicies(options.ExtProc, provider.GetRequiredService<ILogger<RequestPolicies>>()));
        services.AddSingleton(provider => new ExtProcDoor(
            provider.GetRequiredService<ExchangeSink>().Begin,
            new CallRoutes(Upstream.From(options)).Find,
            options.ExtProc,
            provider.GetRequiredService<RequestPolicies>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ExtProcDoor>>(),
            provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping));
    }

    /// <summary>Maps nothing where no recorder takes what the door hears.</summary>
    public static void MapExtProc(this IEndpointRouteBuilder endpoints)
    {
        if (endpoints.ServiceProvider.GetService<ExchangeSink>() is null)
        {
            return;
        }

        var door = endpoints.ServiceProvider.GetRequiredService<ExtProcDoor>();
        endpoints.MapPost(ExtProcDoor.ProcessPath, door.ProcessAsync);
        endpoints.MapPost(GrpcHealth.CheckPath, door.Health.CheckAsync);
        endpoints.MapPost(GrpcHealth.WatchPath, door.Health.WatchAsync);
        endpoints.Map("/{**method}", door.RefuseAsync);
    }
}
