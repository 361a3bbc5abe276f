using System.IO.Compression;

namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>The zlib family: gzip (RFC 1952, concatenated members too), and deflate as zlib (RFC 1950) or, as some servers send it, raw (RFC 1951).</summary>
internal static class Inflate
{
    public static CodingEnd Gzip(ReadOnlyMemory<byte> body, BoundedOutput output)
    {
        using var coded = new EndMarkedStream(body);
        using var plain = new GZipStream(coded, CompressionMode.Decompress);
        return body.IsEmpty ? CodingEnd.Broken : Drain(plain, coded, output);
    }

    public static CodingEnd Deflate(ReadOnlyMemory<byte> body, BoundedOutput output)
    {
        using var coded = new EndMarkedStream(body);
        using Stream plain = HasZlibHeader(body.Span) ? new ZLibStream(coded, CompressionMode.Decompress) : new DeflateStream(coded, CompressionMode.Decompress);
        return body.IsEmpty ? CodingEnd.Broken : Drain(plain, coded, output);
    }

    public static bool HasZlibHeader(ReadOnlySpan<byte> body) =>
        body.Length >= 2 && (body[0] & 0x0f) == 8 && ((body[0] << 8) | body[1]) % 31 == 0;

    private static CodingEnd Drain(Stream plain, EndMarkedStream coded, BoundedOutput output)
    {
        try
        {
            int read;
            while ((read = plain.Read(output.Block)) > 0)
            {
                // What comes out of the mark is not the body's: the body had not reached its end.
                if (coded.IsPastBody)
                {
                    return CodingEnd.Broken;
                }

                if (!output.TryKeep(read))
                {
                    return CodingEnd.TooLarge;
                }
            }

            return CodingEnd.Whole;
        }
        catch (Exception corrupt) when (corrupt is InvalidDataException or IOException)
        {
            // The second is what zlib says of a body that asks for a dictionary.
            return CodingEnd.Broken;
        }
    }
}
