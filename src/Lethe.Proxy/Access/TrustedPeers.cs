using System.Net;
using Lethe.Proxy.Configuration;

namespace Lethe.Proxy.Access;

/// <summary>
/// Gateways that have found out who asks, and say so in headers. The headers count from the peers of <c>Lethe:TrustedProxies</c> alone; from anybody else
/// they are words.
/// </summary>
internal sealed class TrustedPeers(LetheOptions options)
{
    private readonly IPNetwork[] networks = [.. options.TrustedProxies.Select(PeerNetwork.Parse).OfType<IPNetwork>()];

    /// <summary>Who a trusted gateway says is asking; null where none says so. It may read and add, and change nothing.</summary>
    public Caller? CallerOf(HttpContext context)
    {
        if (!IsTrusted(context.Connection.RemoteIpAddress) || context.Request.Headers[options.TrustedOrgHeader] is not [{ } told] || !Guid.TryParseExact(told, "D", out var org))
        {
            return null;
        }

        var subject = context.Request.Headers[options.TrustedSubjectHeader] is [{ Length: > 0 } named] ? named : null;
        return new Caller(org.ToString(), subject, [AccessScope.Read, AccessScope.Ingest]);
    }

    /// <summary>True for a request that says whose it is through a trusted gateway, be it well or badly said.</summary>
    public bool Speaks(HttpContext context) => IsTrusted(context.Connection.RemoteIpAddress) && context.Request.Headers.ContainsKey(options.TrustedOrgHeader);

    private bool IsTrusted(IPAddress? peer)
    {
        var plain = peer is { IsIPv4MappedToIPv6: true } ? peer.MapToIPv4() : peer;
        return plain is not null && Array.Exists(networks, network => network.Contains(plain));
    }
}
