using System.IO.Compression;
using Lethe.Capture.Tests.Sockets;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>One side of a WebSocket as bytes: plain messages in one frame each, or, as RFC 7692 and RFC 6455 allow, deflated in a window that lasts, in fragments, with pings between.</summary>
internal sealed class SocketWriter(bool isClient, bool isBinary, bool deflates) : IDisposable
{
    private readonly MemoryStream deflated = new();
    private DeflateStream? deflating;

    public byte[] Write(byte[] message)
    {
        var opcode = isBinary ? 2 : 1;
        if (!deflates)
        {
            return Frame.Of((byte)(0x80 | opcode), message, isClient);
        }

        var payload = Deflate(message);
        var third = payload.Length / 3;
        return
        [
            .. Frame.Of((byte)(0x40 | opcode), payload[..third], isClient),
            .. Frame.Of(0x89, [1, 2, 3], isClient),
            .. Frame.Of(0x00, payload[third..(2 * third)], isClient),
            .. Frame.Of(0x8A, [], isClient),
            .. Frame.Of(0x80, payload[(2 * third)..], isClient),
        ];
    }

    /// <summary>The code, and a reason.</summary>
    public byte[] Close(int code) => Frame.Of(0x88, [(byte)(code >> 8), (byte)code, .. "that is all"u8], isClient);

    public void Dispose()
    {
        deflating?.Dispose();
        deflated.Dispose();
    }

    private byte[] Deflate(byte[] message)
    {
        deflating ??= new DeflateStream(deflated, CompressionLevel.Fastest, leaveOpen: true);
        deflated.SetLength(0);
        deflating.Write(message);
        deflating.Flush();
        return deflated.ToArray()[..^4];
    }
}
