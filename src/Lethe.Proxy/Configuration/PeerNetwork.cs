using System.Net;

namespace Lethe.Proxy.Configuration;

/// <summary>Peers as the configuration names them: an address, or a network in CIDR notation.</summary>
internal static class PeerNetwork
{
    /// <summary>Null for what is neither.</summary>
    public static IPNetwork? Parse(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}
