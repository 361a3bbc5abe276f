using System.Text;
using Lethe.Proxy.Access;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Forwarding.WebSockets;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Lethe.Proxy.Forwarding;

/// <summary>Registers and maps the forwarding door. An <see cref="ExchangeSink"/> has to be registered beside it.</summary>
internal static class ForwardingVerbs
{
    private const string ReverseProxySection = "ReverseProxy";

    public static IServiceCollection AddForwarding(this IServiceCollection services, IConfiguration configuration, LetheOptions options)
    {
        var section = configuration.GetSection(ReverseProxySection);
        var upstreams = Upstream.From(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(options);
        services.TryAddSingleton(new EnvironmentProxy(Environment.GetEnvironmentVariable));
        services.TryAddSingleton(new PrivateAuthorities(Environment.GetEnvironmentVariable("SSL_CERT_FILE")));
        services.AddAccess(options);
        services.AddSingleton<IForwarderHttpClientFactory, UpstreamClientFactory>();
        services.AddReverseProxy()
            .LoadFromMemory(UpstreamRoutes.Routes(upstreams, section), UpstreamRoutes.Clusters(upstreams, section))
            .LoadFromConfig(section)
            .AddConfigFilter<ForwardingDefaults>()
            .AddTransforms<VerbatimTransforms>();
        services.Configure<KeyManagementOptions>(static keys => (keys.XmlRepository, keys.XmlEncryptor) = (new KeysInMemory(), new NullXmlEncryptor()));
        services.Configure<KestrelServerOptions>(PassHeaderBytes);
        return services;
    }

    /// <summary>Ends <paramref name="branch"/> in the forwarding door: routes of its own, seen by nobody else, and 404 for the rest.</summary>
    public static void MapForwarding(this IApplicationBuilder branch)
    {
        var door = new ApplicationBuilder(branch.ApplicationServices);
        door.UseRouting();
        door.UseEndpoints(endpoints => endpoints.MapReverseProxy(proxy =>
        {
            proxy.UseLendingGuard();
            if (branch.ApplicationServices.GetRequiredService<LetheOptions>().WebSockets.Mode == "refuse")
            {
                proxy.Use(static (context, next) => SocketHandshake.Is(context) ? ForwardingProblem.WriteNoSockets(context) : next(context));
            }

            proxy.UseMiddleware<ExchangeCapture>();
            proxy.UseSessionAffinity();
            proxy.UseLoadBalancing();
            proxy.UsePassiveHealthChecks();
        }));
        door.Run(context => ForwardingProblem.WriteUnknownRoute(context, Prefixes(context.RequestServices)));
        var forward = door.Build();
        branch.Run(context =>
        {
            context.SetEndpoint(null);
            // HTTP/1.1 names the host beside an absolute form, and that name has been judged; HTTP/1.0 need not.
            if (!context.Request.Host.HasValue && RawTarget.IsAbsolute(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget))
            {
                return ForwardingProblem.WriteNoProxy(context);
            }

            RunPrefix.Remove(context);
            return forward(context);
        });
    }

    private static string[] Prefixes(IServiceProvider services) =>
        [.. services.GetServices<IProxyConfigProvider>()
            .SelectMany(provider => provider.GetConfig().Routes)
            .Select(route => route.Metadata?.GetValueOrDefault(UpstreamRoutes.PrefixKey) ?? route.Match.Path ?? "")
            .Where(prefix => prefix.Length > 0)
            .Distinct()
            .Order(StringComparer.Ordinal)];

    // Every byte above ASCII passes as it is, in either direction.
    private static void PassHeaderBytes(KestrelServerOptions kestrel)
    {
        kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
    }
}
