using System.IO.Compression;

namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>Undoes one content coding (RFC 9110 §8.4) while its body comes: gzip, x-gzip, deflate, br, zstd.</summary>
public static class ContentCoding
{
    /// <summary>2^26 = 64 MiB: a zstd frame that asks for a larger window is refused before it costs memory.</summary>
    public const int ZstdWindowLogMax = 26;

    /// <summary>
    /// The plain bytes of <paramref name="coded"/>; null for a coding that is not known. A read of 0 says that more has to come: decoders ask again.
    /// What is corrupt is told by <see cref="InvalidDataException"/> or <see cref="InvalidOperationException"/>.
    /// </summary>
    /// <param name="coded">Disposed with the stream that is given.</param>
    public static Stream? TryOpen(Stream coded, string coding, int zstdWindowLogMax = ZstdWindowLogMax) => coding switch
    {
        "gzip" or "x-gzip" => new GZipStream(coded, CompressionMode.Decompress),
        "deflate" => new DeflateEitherStream(coded),
        "br" => new BrotliStream(coded, CompressionMode.Decompress),
        "zstd" => new ZstdStream(coded, zstdWindowLogMax),
        _ => null,
    };
}
