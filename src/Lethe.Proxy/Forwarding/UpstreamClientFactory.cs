using System.Net;
using System.Net.Sockets;
using System.Text;
using Lethe.Proxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Lethe.Proxy.Forwarding;

/// <summary>Makes the connections to the upstreams: nothing added, decoded or followed; by the user's proxy and with the user's own authorities.</summary>
internal sealed class UpstreamClientFactory(LetheOptions options, EnvironmentProxy proxy, PrivateAuthorities authorities, TimeProvider time) : ForwarderHttpClientFactory
{
    private static readonly int HeaderKilobytesMax = 1024;

    private static readonly TimeSpan KeepAliveTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(60);
    private static readonly int KeepAliveProbesMax = 5;
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(20);

    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        new UpstreamCalls(base.WrapHandler(context, handler));

    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.ActivityHeadersPropagator = null;
        handler.ConnectTimeout = TimeSpan.FromSeconds(options.Forwarding.ConnectTimeoutSeconds);
        handler.MaxResponseHeadersLength = HeaderKilobytesMax;
        handler.RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1;

        handler.ConnectCallback = ConnectAsync;
        handler.PlaintextStreamFilter = (connection, _) => ValueTask.FromResult(
            connection.NegotiatedHttpVersion.Major == 1 ? new EarlyAnswerStream(connection.PlaintextStream, time) : connection.PlaintextStream);
        handler.KeepAlivePingDelay = KeepAliveTime;
        handler.KeepAlivePingTimeout = PingTimeout;
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;

        // A vendor's addresses move; an old connection must not pin them.
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(15);
        if (context.NewConfig.WebProxy is null)
        {
            handler.UseProxy = proxy.IsSet;
            handler.Proxy = proxy;
        }
        else if (handler.Proxy is WebProxy { Address: { } address } configured)
        {
            var credentials = new CredentialCache();
            configured.Address = EnvironmentProxy.WithoutUserInfo(address, credentials);
            configured.Credentials = address.UserInfo.Length > 0 ? credentials : configured.Credentials;
        }

        if (!authorities.IsEmpty)
        {
            handler.SslOptions.RemoteCertificateValidationCallback ??= authorities.Accepts;
        }
    }

    // A model may think for minutes without a byte, and a NAT between forgets such a connection.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)KeepAliveTime.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)KeepAliveInterval.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbesMax);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
