using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Lethe.Capture.Tests.Sockets;

/// <summary>Frames as a WebSocket's two ends write them.</summary>
internal static class Frame
{
    private static readonly byte[] Key = [0x37, 0xfa, 0x21, 0x3d];

    public static byte[] Text(string text, bool masked = false) => Of(0x81, Encoding.UTF8.GetBytes(text), masked);

    public static byte[] Close(int code, bool masked = false) => Of(0x88, [(byte)(code >> 8), (byte)code], masked);

    public static byte[] Of(byte first, byte[] payload, bool masked = false)
    {
        var frame = new List<byte> { first };
        var mask = masked ? 0x80 : 0;
        Span<byte> length = stackalloc byte[8];
        if (payload.Length < 126)
        {
            frame.Add((byte)(mask | payload.Length));
        }
        else if (payload.Length <= ushort.MaxValue)
        {
            frame.Add((byte)(mask | 126));
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)payload.Length);
            frame.AddRange(length[..2]);
        }
        else
        {
            frame.Add((byte)(mask | 127));
            BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
            frame.AddRange(length);
        }

        if (masked)
        {
            frame.AddRange(Key);
            payload = [.. payload.Select((value, at) => (byte)(value ^ Key[at & 3]))];
        }

        frame.AddRange(payload);
        return [.. frame];
    }

    /// <summary>The message deflated as RFC 7692 has it, in a window of its own.</summary>
    public static byte[] Deflated(byte[] message)
    {
        using var output = new MemoryStream();
        using (var deflate = new DeflateStream(output, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(message);
            deflate.Flush();
            return output.ToArray()[..^4];
        }
    }
}
