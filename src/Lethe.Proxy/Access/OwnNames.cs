using System.Net;
using Lethe.Proxy.Configuration;

namespace Lethe.Proxy.Access;

/// <summary>
/// The names by which lethe can be meant: loopback, the address that a connection came to, <c>Lethe:PublicUrl</c> and <c>Lethe:AllowedHosts</c>.
/// Any other name is one that a web page has bound to our address (DNS rebinding).
/// </summary>
internal sealed class OwnNames
{
    private readonly string[] exact;
    private readonly string[] endings;

    public OwnNames(LetheOptions options)
    {
        var names = options.AllowedHosts.AsEnumerable();
        if (Uri.TryCreate(options.PublicUrl, UriKind.Absolute, out var url))
        {
            names = names.Append(url.Host);
        }

        exact = [.. names.Where(name => !name.StartsWith('*'))];
        endings = [.. names.Where(name => name.StartsWith('*')).Select(name => name[1..])];
    }

    /// <param name="host">A name or an address, without a port.</param>
    /// <param name="local">The address that the connection came to; null for a socket without one.</param>
    public bool Include(string host, IPAddress? local)
    {
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (IPAddress.TryParse(host.AsSpan().Trim("[]"), out var address) && (IPAddress.IsLoopback(address) || Plain(address).Equals(Plain(local))))
        {
            return true;
        }

        return exact.Contains(host, StringComparer.OrdinalIgnoreCase)
            || Array.Exists(endings, ending => host.Length > ending.Length && host.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }

    private static IPAddress Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address ?? IPAddress.None;
}
