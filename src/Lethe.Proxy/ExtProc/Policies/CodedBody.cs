using System.Buffers;
using Lethe.Capture.Decoding.ContentCodings;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>A request body whose codings are undone as it comes (gzip, deflate, br, zstd, several on top of each other), to be looked into. It keeps none of it.</summary>
internal sealed class CodedBody : IDisposable
{
    private const int LayersMax = 4;
    private const int BlockBytes = 16 * 1024;

    /// <summary>8 MiB: no larger window may be asked for in HTTP (RFC 9659).</summary>
    private const int ZstdWindowLogMax = 23;

    private readonly ArrivingBody inflow;
    private readonly Stream plain;
    private readonly byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
    private long given;

    private CodedBody(ArrivingBody inflow, Stream plain) => (this.inflow, this.plain) = (inflow, plain);

    /// <summary>True once the bytes made no sense, or came to more than <see cref="ContentDecoder.OutputBytesMax"/>.</summary>
    public bool IsUnreadable { get; private set; }

    /// <summary>False for a coding that is not known; null for a body in none.</summary>
    public static bool TryOpen(string? contentEncoding, out CodedBody? body)
    {
        var layers = (contentEncoding ?? "").ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(layer => layer != "identity").ToList();
        body = null;
        if (layers.Count > LayersMax)
        {
            return false;
        }

        var inflow = new ArrivingBody();
        Stream plain = inflow;
        foreach (var layer in layers.AsEnumerable().Reverse())
        {
            if (ContentCoding.TryOpen(plain, layer, ZstdWindowLogMax) is not { } undone)
            {
                plain.Dispose();
                return false;
            }

            plain = undone;
        }

        body = layers.Count > 0 ? new CodedBody(inflow, plain) : null;
        return true;
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
        catch (Exception corrupt) when (corrupt is InvalidDataException or InvalidOperationException)
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
}
