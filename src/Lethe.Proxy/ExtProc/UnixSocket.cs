using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Lethe.Proxy.ExtProc;

/// <summary>A Unix socket to listen on: a file that a killed process left behind is removed, one that somebody answers on is not; the mode is set before anyone can connect.</summary>
internal static class UnixSocket
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Three octal digits, as chmod takes them.</summary>
    public static bool TryParseMode(string text, out UnixFileMode mode)
    {
        mode = 0;
        if (text.Length != 3 || text.AsSpan().ContainsAnyExceptInRange('0', '7'))
        {
            return false;
        }

        mode = (UnixFileMode)Convert.ToInt32(text, 8);
        return true;
    }

    /// <summary>For <c>SocketTransportOptions.CreateBoundListenSocket</c>.</summary>
    /// <exception cref="AddressInUseException">Another process listens there.</exception>
    public static Socket Bind(UnixDomainSocketEndPoint endPoint, UnixFileMode mode)
    {
        var path = endPoint.ToString();
        RemoveStale(endPoint, path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(endPoint);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, mode);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void RemoveStale(EndPoint endPoint, string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endPoint);
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }

        throw new AddressInUseException($"the socket {path} is in use by another process");
    }
}
