using System.Net;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.ExtProc;
using Lethe.Proxy.Forwarding;
using Lethe.Proxy.Recording;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Lethe.Proxy.Hosting;

/// <summary>Kestrel's listeners, one for each door, in a fixed order by which their bound addresses are told apart.</summary>
internal static class Listeners
{
    /// <summary>Agents carry long headers (session facts, base64 metadata, cloud tokens).</summary>
    private const int HeaderBytesMax = 1024 * 1024;

    private const int HeaderCountMax = 1000;

    private const int RequestLineBytesMax = 64 * 1024;

    public static void Configure(KestrelServerOptions kestrel, LetheOptions options)
    {
        ConfigureLimits(kestrel);
        Listen(kestrel, options.Listen, ListenerKind.Forwarding);
        Listen(kestrel, options.AdminListen, ListenerKind.Admin);
        if (options.ExtProc.Listen.Length > 0)
        {
            Listen(kestrel, options.ExtProc.Listen, ListenerKind.ExtProc, listener => ExtProcListener.Configure(listener, options.ExtProc));
        }
    }

    /// <summary>Far beyond what any vendor takes: a proxy must not be the narrow place.</summary>
    public static void ConfigureLimits(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowAlternateSchemes = true;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
        limits.MaxRequestHeaderCount = HeaderCountMax;
        limits.MaxRequestLineSize = RequestLineBytesMax;
        limits.Http2.MaxRequestHeaderFieldSize = HeaderBytesMax;
        limits.Http2.MaxStreamsPerConnection = 1000;
        limits.Http2.InitialConnectionWindowSize = 4 * 1024 * 1024;
        limits.Http2.InitialStreamWindowSize = 1024 * 1024;
        // A peer whose host is gone sends no FIN; without pings its streams would stay open for ever.
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
    }

    /// <summary>The addresses as bound. Kestrel lists them in the order they were asked for.</summary>
    public static ListeningDoors Bound(IServer server, LetheOptions options)
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()!.Addresses.ToArray();
        return new ListeningDoors(
            Reachable(addresses[0]),
            Reachable(addresses[1]),
            options.ExtProc.Listen.Length > 0 ? Reachable(addresses[2]) : null,
            Environment.ProcessId,
            [.. Upstream.From(options).Select(upstream => upstream with { Address = EffectiveConfiguration.WithoutUserInfo(upstream.Address), BarePaths = [], ModelPaths = [] })]);
    }

    // A door open to every interface is reached from here by loopback; a socket is told as it was asked for.
    private static string Reachable(string address) => address
        .Replace("http://unix:", "unix:", StringComparison.Ordinal)
        .Replace("://[::]:", "://127.0.0.1:", StringComparison.Ordinal)
        .Replace("://0.0.0.0:", "://127.0.0.1:", StringComparison.Ordinal);

    /// <exception cref="HostFault">The address is not one; the validator would have said so first.</exception>
    private static void Listen(KestrelServerOptions kestrel, string text, ListenerKind door, Action<ListenOptions>? more = null)
    {
        if (!ListenAddress.TryParse(text, out var address))
        {
            throw new HostFault($"'{text}' is not {ListenAddress.Shape}.");
        }

        if (address.UnixPath is { } path)
        {
            kestrel.ListenUnixSocket(path, Open);
        }
        else
        {
            kestrel.Listen((IPEndPoint)address.EndPoint!, Open);
        }

        void Open(ListenOptions listener)
        {
            door.Mark(listener);
            more?.Invoke(listener);
        }
    }
}
