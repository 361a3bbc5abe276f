using System.Net;
using Lethe.Proxy.Configuration;

namespace Lethe.Proxy.Access;

/// <summary>Where a token is needed: everywhere, or wherever more than this machine can reach the door.</summary>
internal sealed class TokenRule(LetheOptions options)
{
    private const string Always = "always";

    public bool AtAdmin { get; } = options.Tokens.Required == Always || IsPublic(options) || IsOpen(options.AdminListen);

    public bool AtForwarding { get; } = options.Tokens.Required == Always || IsPublic(options) || IsOpen(options.Listen);

    private static bool IsOpen(string listen) =>
        !(ListenAddress.TryParse(listen, out var address) && (address.UnixPath is not null || (address.EndPoint is IPEndPoint { Address: { } ip } && IPAddress.IsLoopback(ip))));

    // What stands before a loopback door with a name for a team brings in more than this machine.
    private static bool IsPublic(LetheOptions options) => Uri.TryCreate(options.PublicUrl, UriKind.Absolute, out var url) && !url.IsLoopback;
}
