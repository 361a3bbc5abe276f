using System.Text;
using Lethe.Proxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Lethe.Proxy.Forwarding;

/// <summary>Makes the connections to the upstreams: nothing added, decoded or followed; by the user's proxy and with the user's own authorities.</summary>
internal sealed class UpstreamClientFactory(LetheOptions options, EnvironmentProxy proxy, PrivateAuthorities authorities) : ForwarderHttpClientFactory
{
    private static readonly int HeaderKilobytesMax = 1024;

    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.ActivityHeadersPropagator = null;
        handler.ConnectTimeout = TimeSpan.FromSeconds(options.Forwarding.ConnectTimeoutSeconds);
        handler.MaxResponseHeadersLength = HeaderKilobytesMax;
        handler.RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1;

        // A vendor's addresses move; an old connection must not pin them.
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(15);
        if (context.NewConfig.WebProxy is null)
        {
            handler.UseProxy = proxy.IsSet;
            handler.Proxy = proxy;
        }

        if (!authorities.IsEmpty)
        {
            handler.SslOptions.RemoteCertificateValidationCallback ??= authorities.Accepts;
        }
    }
}
