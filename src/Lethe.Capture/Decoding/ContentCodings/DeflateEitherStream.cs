using System.IO.Compression;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>The plain bytes of a deflate body, zlib (RFC 1950) or, as some send it, raw (RFC 1951): the first two bytes tell, whenever they come.</summary>
internal sealed class DeflateEitherStream(Stream coded) : ForwardReadStream
{
    private readonly byte[] head = new byte[2];
    private int headBytes;
    private Stream? plain;

    public override int Read(Span<byte> buffer)
    {
        while (plain is null)
        {
            if (coded.Read(head.AsSpan(headBytes)) is var read && read == 0)
            {
                return 0;
            }

            headBytes += read;
            if (headBytes == head.Length)
            {
                var whole = new HeadThenRest(head, coded);
                plain = Inflate.HasZlibHeader(head) ? new ZLibStream(whole, CompressionMode.Decompress) : new DeflateStream(whole, CompressionMode.Decompress);
            }
        }

        return plain.Read(buffer);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            plain?.Dispose();
            coded.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed class HeadThenRest(byte[] head, Stream rest) : ForwardReadStream
    {
        private int at;

        public override int Read(Span<byte> buffer)
        {
            if (at == head.Length)
            {
                return rest.Read(buffer);
            }

            var count = Math.Min(buffer.Length, head.Length - at);
            head.AsSpan(at, count).CopyTo(buffer);
            at += count;
            return count;
        }
    }
}
