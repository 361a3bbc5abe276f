using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Lethe.Proxy.Hosting;

/// <summary>The listener a connection came in by. Ports may be 0, so the connection itself carries it, as a feature.</summary>
internal sealed class Doorway
{
    public static readonly Doorway Forwarding = new("forwarding", HttpProtocols.Http1AndHttp2);

    public static readonly Doorway Admin = new("admin", HttpProtocols.Http1);

    public static readonly Doorway ExtProc = new("ext_proc", HttpProtocols.Http2);

    private readonly HttpProtocols protocols;

    private Doorway(string name, HttpProtocols protocols)
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
            listener.Use(next => connection => CleartextHttp2.DetectAsync(connection, next));
        }
    }

    public bool Leads(HttpContext context) => ReferenceEquals(context.Features.Get<Doorway>(), this);

    private Task Enter(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Features.Set(this);
        return next(connection);
    }
}
