using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Lethe.Proxy.ExtProc;

/// <summary>A Unix socket to listen on: a file that a killed process left behind is removed, one that somebody answers on is not; the mode is set before anyone can connect.</summary>
internal static class UnixSocket
{
    private const int NoSuchDevice = 6;
    private const int NotSupportedOnSocket = 102;

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
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException fault)
        {
            throw new AddressInUseException($"what lies at {path} is not a socket that was left behind: {fault.Message}", fault);
        }

        throw new AddressInUseException($"the socket {path} is in use by another process");
    }

    // A connection to any other kind of file is refused too. Only a socket cannot be opened like a file: open(2), ENXIO, or EOPNOTSUPP on BSDs.
    private static bool IsSocket(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            return false;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return fault.HResult is NoSuchDevice or NotSupportedOnSocket;
        }
    }
}
