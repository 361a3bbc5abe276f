using System.Net;

namespace Lethe.Proxy.Configuration;

/// <summary>Where a door listens: an IP endpoint (<c>http://127.0.0.1:4141</c>, <c>http://localhost:0</c>, <c>http://*:80</c>) or a socket (<c>unix:/path</c>).</summary>
internal readonly record struct ListenAddress(EndPoint? EndPoint, string? UnixPath)
{
    public const string Shape = "http://ADDRESS:PORT with an IP address, localhost or *";

    private const string UnixScheme = "unix:";

    public static bool TryParse(string text, out ListenAddress address)
    {
        address = default;
        if (text.StartsWith(UnixScheme, StringComparison.OrdinalIgnoreCase))
        {
            var path = text[UnixScheme.Length..];
            address = new ListenAddress(null, path);
            return Path.IsPathFullyQualified(path);
        }

        // Uri takes no star for a host.
        var plain = text.Replace("://*", "://[::]", StringComparison.Ordinal);
        if (!Uri.TryCreate(plain, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0)
        {
            return false;
        }

        var host = uri.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? "127.0.0.1" : uri.Host.Trim('[', ']');
        if (!IPAddress.TryParse(host, out var ip))
        {
            return false;
        }

        address = new ListenAddress(new IPEndPoint(ip, uri.Port), null);
        return true;
    }
}
