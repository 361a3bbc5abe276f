using Lethe.Capture.Exchanges;
using ZstdSharp.Unsafe;

namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>
/// The plain bytes of a zstd body (RFC 8878), concatenated frames too. What came before a fault is given before the fault is thrown
/// (<see cref="InvalidDataException"/>). The end of <paramref name="coded"/> is only the end of what has come: it is asked again.
/// </summary>
/// <param name="windowLogMax">A frame that asks for a window above two to this power is refused before it costs memory.</param>
internal sealed unsafe class ZstdStream(Stream coded, int windowLogMax = ContentCoding.ZstdWindowLogMax) : ForwardReadStream
{
    private const int BlockBytes = 16 * 1024;

    private readonly byte[] block = new byte[BlockBytes];
    private ZSTD_DCtx_s* decoder = CreateDecoder(windowLogMax);
    private int at;
    private int filled;
    private bool isFull;
    private bool isBroken;

    /// <summary>True when all that has come is whole frames.</summary>
    public bool IsAtFrameEnd { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (isBroken)
            {
                throw new InvalidDataException("The zstd frame is corrupt.");
            }

            if (at == filled && !isFull)
            {
                (at, filled) = (0, coded.Read(block));
                if (filled == 0)
                {
                    return 0;
                }
            }

            if (Step(buffer) is > 0 and var written)
            {
                return written;
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (decoder is not null)
        {
            _ = Methods.ZSTD_freeDStream(decoder);
            decoder = null;
        }

        if (disposing)
        {
            coded.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Step(Span<byte> buffer)
    {
        fixed (byte* source = block)
        fixed (byte* target = buffer)
        {
            var input = new ZSTD_inBuffer_s { src = source, size = (nuint)filled, pos = (nuint)at };
            var plain = new ZSTD_outBuffer_s { dst = target, size = (nuint)buffer.Length, pos = 0 };
            var result = Methods.ZSTD_decompressStream(decoder, &plain, &input);
            isBroken = Methods.ZSTD_isError(result);
            if (!isBroken && (input.pos != (nuint)at || plain.pos != 0))
            {
                IsAtFrameEnd = result == 0;
            }

            at = (int)input.pos;
            isFull = plain.pos == plain.size;
            return (int)plain.pos;
        }
    }

    private static ZSTD_DCtx_s* CreateDecoder(int windowLogMax)
    {
        var created = Methods.ZSTD_createDStream();
        _ = Methods.ZSTD_DCtx_setParameter(created, ZSTD_dParameter.ZSTD_d_windowLogMax, windowLogMax);
        return created;
    }
}
