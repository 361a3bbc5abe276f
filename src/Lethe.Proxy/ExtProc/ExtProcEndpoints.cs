using System.Net.Sockets;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.ExtProc.Policies;
using Lethe.Proxy.ExtProc.Wire;
using Lethe.Proxy.Forwarding;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lethe.Proxy.ExtProc;

/// <summary>The Envoy door's parts and routes.</summary>
internal static class ExtProcEndpoints
{
    /// <summary>How soon a watcher of the health hears of a change.</summary>
    private static readonly TimeSpan HealthPeriod = TimeSpan.FromSeconds(5);

    public static void AddExtProc(this IServiceCollection services, LetheOptions options)
    {
        var mode = SocketMode.TryParse(options.ExtProc.SocketMode, out var configured) ? configured : SocketMode.OwnerOnly;
        services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = endPoint => endPoint is UnixDomainSocketEndPoint path
            ? UnixSocket.Bind(path, mode)
            : SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint));
        services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = options.ExtProc.MessageBytesMax);
        // What a compressed message expands to would have no limit. The library's defaults are added behind the options above.
        services.PostConfigure<GrpcServiceOptions>(grpc => grpc.CompressionProviders.Clear());
        services.AddGrpcHealthChecks(health => health.Services.Map(ProcessMethod.Service, static _ => true));
        services.Configure<HealthCheckPublisherOptions>(publisher => publisher.Delay = publisher.Period = HealthPeriod);
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
        endpoints
            .MapGrpcService(ServerServiceDefinition.CreateBuilder().AddMethod(ProcessMethod.Definition, door.ProcessAsync).Build())
            .Add(endpoint =>
            {
                var serve = endpoint.RequestDelegate!;
                endpoint.RequestDelegate = context =>
                {
                    door.Prepare(context);
                    return serve(context);
                };
            });
        endpoints.MapGrpcHealthChecksService();
    }
}
