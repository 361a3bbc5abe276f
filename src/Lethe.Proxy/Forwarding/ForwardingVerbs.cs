using System.Text;
using Lethe.Proxy.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
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
        services.TryAddSingleton(Options.Create(options));
        services.TryAddSingleton(new EnvironmentProxy(Environment.GetEnvironmentVariable));
        services.TryAddSingleton(new PrivateAuthorities(Environment.GetEnvironmentVariable("SSL_CERT_FILE")));
        services.AddSingleton<IForwarderHttpClientFactory, UpstreamClientFactory>();
        services.AddReverseProxy()
            .LoadFromMemory(UpstreamRoutes.Routes(upstreams, section), UpstreamRoutes.Clusters(upstreams, options.Forwarding, section))
            .LoadFromConfig(section)
            .AddTransforms<VerbatimTransforms>();
        services.Configure<KestrelServerOptions>(kestrel => OpenLimits(kestrel, options.Forwarding));
        return services;
    }

    /// <summary>Ends <paramref name="branch"/> in the forwarding door: routes of its own, seen by nobody else, and 404 for the rest.</summary>
    public static void MapForwarding(this IApplicationBuilder branch)
    {
        var door = new ApplicationBuilder(branch.ApplicationServices);
        door.UseRouting();
        door.UseEndpoints(endpoints => endpoints.MapReverseProxy(proxy =>
        {
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

    // What the upstream would take, lethe must take: its own limits are far beyond any vendor's.
    private static void OpenLimits(KestrelServerOptions kestrel, ForwardingOptions forwarding)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MaxRequestHeadersTotalSize = forwarding.HeaderBytesMax;
        kestrel.Limits.MaxRequestHeaderCount = forwarding.HeaderCountMax;
        kestrel.Limits.MaxRequestLineSize = 64 * 1024;
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = forwarding.HeaderBytesMax;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
    }
}
