using System.Buffers;
using System.IO.Compression;

namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>Brotli (RFC 7932).</summary>
internal static class Brotli
{
    public static CodingEnd Decode(ReadOnlySpan<byte> body, BoundedOutput output)
    {
        using var decoder = new BrotliDecoder();
        while (true)
        {
            var status = decoder.Decompress(body, output.Block, out var consumed, out var written);
            body = body[consumed..];
            if (!output.TryKeep(written))
            {
                return CodingEnd.TooLarge;
            }

            if (status != OperationStatus.DestinationTooSmall)
            {
                return status == OperationStatus.Done ? CodingEnd.Whole : CodingEnd.Broken;
            }
        }
    }
}
