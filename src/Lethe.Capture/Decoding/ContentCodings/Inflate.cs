using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>The zlib family: gzip (RFC 1952, concatenated members too), and deflate as zlib (RFC 1950) or, as some servers send it, raw (RFC 1951).</summary>
internal static class Inflate
{
    public static CodingEnd Gzip(ReadOnlyMemory<byte> body, BoundedOutput output)
    {
        using var plain = new GZipStream(Open(body), CompressionMode.Decompress);
        return Drain(plain, body, output);
    }

    public static CodingEnd Deflate(ReadOnlyMemory<byte> body, BoundedOutput output)
    {
        using Stream plain = HasZlibHeader(body.Span)
            ? new ZLibStream(Open(body), CompressionMode.Decompress)
            : new DeflateStream(Open(body), CompressionMode.Decompress);
        return Drain(plain, body, output);
    }

    private static bool HasZlibHeader(ReadOnlySpan<byte> body) =>
        body.Length >= 2 && (body[0] & 0x0f) == 8 && ((body[0] << 8) | body[1]) % 31 == 0;

    private static CodingEnd Drain(Stream plain, ReadOnlyMemory<byte> body, BoundedOutput output)
    {
        try
        {
            int read;
            while ((read = plain.Read(output.Block)) > 0)
            {
                if (!output.TryKeep(read))
                {
                    return CodingEnd.TooLarge;
                }
            }

            // No bytes at all are not an empty coded body: that one has a header.
            return body.IsEmpty ? CodingEnd.Broken : CodingEnd.Whole;
        }
        catch (InvalidDataException)
        {
            return CodingEnd.Broken;
        }
    }

    private static MemoryStream Open(ReadOnlyMemory<byte> body)
    {
        var segment = MemoryMarshal.TryGetArray(body, out var array) ? array : new ArraySegment<byte>(body.ToArray());
        return new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false);
    }
}
