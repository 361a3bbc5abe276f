using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace Lethe.Proxy.Benchmarks;

/// <summary>The floor: YARP as it comes, one route, no capture.</summary>
internal static class BareYarp
{
    public static async Task RunAsync(string upstream)
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
        app.Urls.Add("http://127.0.0.1:0");
        app.MapReverseProxy();
        await app.StartAsync();
        Console.WriteLine($"  floor {app.Urls.Single()}");
        await app.WaitForShutdownAsync();
    }
}
