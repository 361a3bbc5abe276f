using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.Forwarding.WebSockets;

/// <summary>Tells a WebSocket's handshake: an upgrade over HTTP/1.1 (RFC 6455), an extended CONNECT over HTTP/2 (RFC 8441).</summary>
internal static class SocketHandshake
{
    private const string Protocol = "websocket";

    public static bool Is(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: { } protocol } ? Names(protocol)
        : context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } && context.Request.Headers.Upgrade.Any(Names);

    private static bool Names(string? value) => Protocol.Equals(value, StringComparison.OrdinalIgnoreCase);
}
