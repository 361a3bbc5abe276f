using System.Buffers;
using System.IO.Compression;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>Undoes gzip, br and zstd while the body comes, so that a long coded stream is neither gathered in memory nor lost in a crash.</summary>
internal sealed class UnwindingBody : IDisposable
{
    private const int BlockBytes = 16 * 1024;

    private readonly Inflow inflow;
    private readonly Stream plain;
    private readonly byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
    private long taken;
    private long given;
    private string? fault;

    private UnwindingBody(Inflow inflow, Stream plain)
    {
        this.inflow = inflow;
        this.plain = plain;
    }

    /// <summary>Why nothing, or not all, came out; null when all did, or all before a cut.</summary>
    public string? Reason => fault ?? (taken > 0 && given == 0 ? "content_coding_corrupt" : null);

    /// <summary>Null for codings that can only be undone as a whole, several on top of each other among them: there each layer has a bound of its own.</summary>
    public static UnwindingBody? TryOpen(string coding)
    {
        var inflow = new Inflow();
        Stream? plain = coding.Trim().ToLowerInvariant() switch
        {
            "gzip" or "x-gzip" => new GZipStream(inflow, CompressionMode.Decompress),
            "br" => new BrotliStream(inflow, CompressionMode.Decompress),
            "zstd" => new ZstdStream(inflow),
            _ => null,
        };
        return plain is null ? null : new UnwindingBody(inflow, plain);
    }

    /// <summary>Takes a part of the coded body and hands on what can be read of the plain one by now.</summary>
    public void Append(ReadOnlySpan<byte> part, PlainRedactor redactor, PooledBytes output)
    {
        if (fault is not null || part.IsEmpty)
        {
            return;
        }

        taken += part.Length;
        inflow.Put(part);
        try
        {
            int read;
            while ((read = plain.Read(block)) > 0)
            {
                given += read;
                if (given > ContentDecoder.OutputBytesMax)
                {
                    fault = "decoded_too_large";
                    return;
                }

                redactor.Append(block.AsSpan(0, read), output);
            }
        }
        catch (Exception corrupt) when (corrupt is InvalidDataException or InvalidOperationException)
        {
            fault = "content_coding_corrupt";
        }
    }

    public void Dispose()
    {
        plain.Dispose();
        ArrayPool<byte>.Shared.Return(block);
    }

    /// <summary>The part that has come. Its end is only the end of that part: decoders ask again. What they leave of it lies behind the coded body.</summary>
    private sealed class Inflow : ForwardReadStream
    {
        private byte[] bytes = [];
        private int at;

        public void Put(ReadOnlySpan<byte> part)
        {
            bytes = part.ToArray();
            at = 0;
        }

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, bytes.Length - at);
            bytes.AsSpan(at, count).CopyTo(buffer);
            at += count;
            return count;
        }
    }
}
