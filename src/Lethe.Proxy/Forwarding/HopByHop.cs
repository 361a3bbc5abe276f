using System.Collections.Frozen;
using Microsoft.Extensions.Primitives;

namespace Lethe.Proxy.Forwarding;

/// <summary>The headers that belong to one connection (RFC 9110 §7.6.1) or to lethe, and so do not travel on.</summary>
internal static class HopByHop
{
    private static readonly FrozenSet<string> Names = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "TE", "Upgrade", "HTTP2-Settings", "Proxy-Authorization", "Proxy-Authenticate",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static bool StopsAtLethe(string name) =>
        Names.Contains(name)
        || name.StartsWith(':')
        || name.StartsWith("x-lethe-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("x-tapes-", StringComparison.OrdinalIgnoreCase);

    public static bool StopsAtResponse(string name) => Names.Contains(name);

    /// <summary>True when the Connection header names this header as its own.</summary>
    public static bool IsNominated(StringValues connection, string name)
    {
        for (var i = 0; i < connection.Count; i++)
        {
            foreach (var token in connection[i].AsSpan().Split(','))
            {
                if (connection[i].AsSpan(token).Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
