using System.Buffers;
using System.IO.Compression;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>Undoes gzip, deflate, br or zstd while the body comes, so that a long coded stream is neither gathered in memory nor lost in a crash.</summary>
internal sealed class UnwindingBody : IDisposable
{
    private const int BlockBytes = 16 * 1024;

    /// <summary>The coded body is undone in blocks of its own, however it comes: a fault takes along what else comes out of its block, and so always the same.</summary>
    private const int CodedBlockBytes = 256;

    // What no body of these codings goes on with: behind a whole one it is passed over, behind a cut one something comes out of it or breaks.
    private static readonly byte[] Ones = [.. Enumerable.Repeat((byte)0xff, 64)];
    private static readonly byte[] Zeros = new byte[64];

    private readonly ArrivingBody inflow;
    private readonly Stream plain;
    private readonly byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
    private readonly byte[] codedBlock = new byte[CodedBlockBytes];
    private int filled;
    private long taken;
    private long given;
    private string? fault;

    private UnwindingBody(ArrivingBody inflow, Stream plain)
    {
        this.inflow = inflow;
        this.plain = plain;
    }

    /// <summary>Why nothing, or not all, came out; null when all did, or all before a cut.</summary>
    public string? Reason => fault ?? (taken > 0 && given == 0 ? "content_coding_corrupt" : null);

    /// <summary>True when the coded body ended before its own end; told once it is complete.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Null for codings that can only be undone as a whole, several on top of each other among them: there each layer has a bound of its own.</summary>
    public static UnwindingBody? TryOpen(string coding)
    {
        var inflow = new ArrivingBody();
        var plain = ContentCoding.TryOpen(inflow, coding.Trim().ToLowerInvariant());
        return plain is null ? null : new UnwindingBody(inflow, plain);
    }

    /// <summary>Takes a part of the coded body and hands on what can be read of the plain one by now.</summary>
    public void Append(ReadOnlySpan<byte> part, PlainRedactor redactor, PooledBytes output)
    {
        while (fault is null && !part.IsEmpty)
        {
            var count = Math.Min(part.Length, CodedBlockBytes - filled);
            part[..count].CopyTo(codedBlock.AsSpan(filled));
            filled += count;
            part = part[count..];
            if (filled == CodedBlockBytes)
            {
                Undo(redactor, output);
            }
        }
    }

    /// <summary>The coded body has ended: hands on the rest.</summary>
    public void Complete(PlainRedactor redactor, PooledBytes output)
    {
        if (fault is null && filled > 0)
        {
            Undo(redactor, output);
        }

        IsCut = fault is null && taken > 0 && !HasEnded();
    }

    public void Dispose()
    {
        plain.Dispose();
        ArrayPool<byte>.Shared.Return(block);
    }

    private bool HasEnded()
    {
        if (plain is ZstdStream frames)
        {
            return frames.IsAtFrameEnd;
        }

        try
        {
            inflow.Put(plain is BrotliStream ? Zeros : Ones);
            return plain.Read(block) == 0;
        }
        catch (Exception corrupt) when (corrupt is InvalidDataException or InvalidOperationException or IOException)
        {
            return false;
        }
    }

    private void Undo(PlainRedactor redactor, PooledBytes output)
    {
        taken += filled;
        inflow.Put(codedBlock.AsMemory(0, filled));
        filled = 0;
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
        catch (Exception corrupt) when (corrupt is InvalidDataException or InvalidOperationException or IOException)
        {
            fault = "content_coding_corrupt";
        }
    }
}
