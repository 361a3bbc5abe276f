using System.Buffers;
using System.IO.Compression;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>A request body whose codings are undone as it comes (gzip, deflate, br, zstd, several on top of each other), to be looked into. It keeps none of it.</summary>
internal sealed class CodedBody : IDisposable
{
    private const int LayersMax = 4;
    private const int BlockBytes = 16 * 1024;

    /// <summary>8 MiB: no larger window may be asked for in HTTP (RFC 9659).</summary>
    private const int ZstdWindowLogMax = 23;

    private readonly Inflow inflow = new();
    private readonly Stream plain;
    private readonly byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
    private long given;

    private CodedBody(IReadOnlyList<string> layers) => plain = layers.Reverse().Aggregate((Stream)inflow, Undo);

    /// <summary>True once the bytes made no sense, or came to more than <see cref="ContentDecoder.OutputBytesMax"/>.</summary>
    public bool IsUnreadable { get; private set; }

    /// <summary>False for a coding that is not known; null for a body in none.</summary>
    public static bool TryOpen(string? contentEncoding, out CodedBody? body)
    {
        var layers = (contentEncoding ?? "").ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(layer => layer != "identity").ToList();
        var isKnown = layers.Count <= LayersMax && layers.All(layer => layer is "gzip" or "x-gzip" or "deflate" or "br" or "zstd");
        body = isKnown && layers.Count > 0 ? new CodedBody(layers) : null;
        return isKnown;
    }

    /// <summary>The next part; what came out of the one before has been read.</summary>
    public void Put(ReadOnlyMemory<byte> part) => inflow.Put(part);

    /// <summary>What can be told by now, a block at a time; empty when more has to come.</summary>
    public ReadOnlySpan<byte> Read()
    {
        if (IsUnreadable)
        {
            return [];
        }

        try
        {
            var read = plain.Read(block);
            given += read;
            IsUnreadable = given > ContentDecoder.OutputBytesMax;
            return block.AsSpan(0, read);
        }
        catch (Exception corrupt) when (corrupt is InvalidDataException or InvalidOperationException or ZstdException)
        {
            IsUnreadable = true;
            return [];
        }
    }

    public void Dispose()
    {
        plain.Dispose();
        ArrayPool<byte>.Shared.Return(block);
    }

    private static Stream Undo(Stream coded, string layer) => layer switch
    {
        "br" => new BrotliStream(coded, CompressionMode.Decompress),
        "zstd" => Zstd(coded),
        "deflate" => new Deflated(coded),
        _ => new GZipStream(coded, CompressionMode.Decompress),
    };

    private static DecompressionStream Zstd(Stream coded)
    {
        var stream = new DecompressionStream(coded, checkEndOfStream: false);
        stream.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, ZstdWindowLogMax);
        return stream;
    }

    /// <summary>The part that has come. Its end is only the end of that part: decoders ask again.</summary>
    private sealed class Inflow : ForwardReadStream
    {
        private ReadOnlyMemory<byte> rest;

        public void Put(ReadOnlyMemory<byte> part) => rest = part;

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, rest.Length);
            rest.Span[..count].CopyTo(buffer);
            rest = rest[count..];
            return count;
        }
    }

    /// <summary>zlib (RFC 1950) or, as some send it, raw (RFC 1951): the first byte tells.</summary>
    private sealed class Deflated(Stream coded) : ForwardReadStream
    {
        private const int ZlibMethod = 8;

        private readonly byte[] first = new byte[1];
        private Stream? plain;

        public override int Read(Span<byte> buffer)
        {
            if (plain is null)
            {
                if (coded.Read(first, 0, 1) == 0)
                {
                    return 0;
                }

                var whole = new FirstThenRest(first, coded);
                plain = (first[0] & 0x0F) == ZlibMethod ? new ZLibStream(whole, CompressionMode.Decompress) : new DeflateStream(whole, CompressionMode.Decompress);
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
    }

    private sealed class FirstThenRest(byte[] first, Stream rest) : ForwardReadStream
    {
        private bool isBegun;

        public override int Read(Span<byte> buffer)
        {
            if (isBegun)
            {
                return rest.Read(buffer);
            }

            isBegun = true;
            buffer[0] = first[0];
            return 1;
        }
    }
}
