using Lethe.Proxy.Forwarding;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Lethe.Proxy.Hosting;

/// <summary>The listener a connection came in by. Ports may be 0, so the connection itself carries it, as a feature.</summary>
internal sealed class ListenerKind
{
    public static readonly ListenerKind Forwarding = new("forwarding", HttpProtocols.Http1AndHttp2);

    public static readonly ListenerKind Admin = new("admin", HttpProtocols.Http1);

    public static readonly ListenerKind ExtProc = new("ext_proc", HttpProtocols.Http2);

    private readonly HttpProtocols protocols;

    private ListenerKind(string name, HttpProtocols protocols)
    {
        Name = name;
        this.protocols = protocols;
    }

    public string Name { get; }

    public void Mark(ListenOptions listener)
    {
        listener.Protocols = protocols;
        listener.Use(next => connection => Enter(connection, next));
        if (protocols == HttpProtocols.Http1AndHttp2)
        {
            var time = listener.ApplicationServices.GetRequiredService<TimeProvider>();
            listener.Use(next => connection => CleartextHttp2.DetectAsync(connection, http2: next, http1: one => HalfClosedClient.ServeAsync(one, next, time)));
        }
    }

    public bool Leads(HttpContext context) => ReferenceEquals(context.Features.Get<ListenerKind>(), this);

    private Task Enter(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Features.Set(this);
        return next(connection);
    }
}
