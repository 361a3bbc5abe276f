using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace Lethe.Proxy.Benchmarks;

/// <summary>The floor: YARP as it comes, one route, no capture.</summary>
internal static class BareYarp
{
    public static async Task RunAsync(string listen, string upstream)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddReverseProxy().LoadFromMemory(
            [
                new RouteConfig
                {
                    RouteId = "anthropic",
                    ClusterId = "anthropic",
                    Match = new RouteMatch { Path = "/anthropic/{**rest}" },
                    Transforms = [new Dictionary<string, string> { ["PathRemovePrefix"] = "/anthropic" }],
                },
            ],
            [new ClusterConfig { ClusterId = "anthropic", Destinations = new Dictionary<string, DestinationConfig> { ["only"] = new() { Address = upstream } } }]);
        var app = builder.Build();
        app.Urls.Add(listen);
        app.MapReverseProxy();
        await app.RunAsync();
    }
}
