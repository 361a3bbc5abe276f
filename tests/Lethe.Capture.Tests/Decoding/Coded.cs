using System.IO.Compression;
using System.Text;
using Lethe.Capture.Decoding.ContentCodings;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>Bodies under a content coding.</summary>
internal static class Coded
{
    public static byte[] Encode(byte[] plain, string coding)
    {
        if (coding == "zstd")
        {
            return Zstd(plain);
        }

        using var coded = new MemoryStream();
        using (Stream stream = coding switch
        {
            "gzip" or "x-gzip" => new GZipStream(coded, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(coded, CompressionLevel.Fastest, leaveOpen: true),
            "raw-deflate" => new DeflateStream(coded, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(coded, CompressionLevel.Fastest, leaveOpen: true),
            _ => throw new ArgumentOutOfRangeException(nameof(coding)),
        })
        {
            stream.Write(plain);
        }

        return coded.ToArray();
    }

    /// <summary>A gzip stream that a server flushed after each piece.</summary>
    public static byte[] GzipFlushed(params string[] pieces)
    {
        using var coded = new MemoryStream();
        using (var stream = new GZipStream(coded, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var piece in pieces)
            {
                stream.Write(Encoding.UTF8.GetBytes(piece));
                stream.Flush();
            }
        }

        return coded.ToArray();
    }

    private static byte[] Zstd(byte[] plain)
    {
        using var compressor = new ZstdSharp.Compressor();
        return compressor.Wrap(plain).ToArray();
    }
}
