using System.Net;
using Lethe.Proxy.Configuration;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Lethe.Proxy.Forwarding;

/// <summary>What a cluster gets where its configuration says nothing: YARP's own 100 seconds of silence are less than a model may think.</summary>
internal sealed class ForwardingDefaults(LetheOptions options) : IProxyConfigFilter
{
    public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel)
    {
        var request = cluster.HttpRequest ?? ForwarderRequestConfig.Empty;
        return ValueTask.FromResult(cluster with
        {
            HttpRequest = request with
            {
                ActivityTimeout = request.ActivityTimeout ?? TimeSpan.FromSeconds(options.Forwarding.ActivityTimeoutSeconds),
                Version = request.Version ?? HttpVersion.Version11,
            },
        });
    }

    public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel) => ValueTask.FromResult(route);
}
