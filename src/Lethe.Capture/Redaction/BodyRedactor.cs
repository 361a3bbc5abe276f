using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>
/// One direction's body on its way to the disk, in parts. Plain bodies pass through a sliding window, streams of events line by line; gzip, br and
/// zstd are undone as they come, labelled or not; other codings are gathered, since a secret cannot be seen in them, and come out plain at the end.
/// Not thread-safe.
/// </summary>
public sealed class BodyRedactor : IDisposable
{
    /// <summary>How much of a body tells what it is, however much of it is there by then.</summary>
    private const int BeginningBytes = 64;

    private readonly string? label;
    private readonly PlainRedactor plain;
    private readonly PooledBytes coded = new();
    private UnwindingBody? unwinding;
    private bool isOpen;
    private bool isPlain;

    internal BodyRedactor(string? label, PlainRedactor plain)
    {
        this.label = label;
        this.plain = plain;
    }

    /// <summary>Why the body, or its end, is not kept (<c>content_coding_unknown</c>, <c>content_coding_corrupt</c>, …), told at the end; null when it is.</summary>
    public string? WithheldReason { get; private set; }

    /// <summary>True when the coded body ended before its own end, told at the end: what is kept of it, which is plain, does not show that.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Takes a part, and gives what may be written by now.</summary>
    public byte[] Append(ReadOnlySpan<byte> part)
    {
        using var output = new PooledBytes();
        if (isOpen)
        {
            Pass(part, output);
        }
        else
        {
            coded.Append(part);
            if (coded.Length >= BeginningBytes)
            {
                Open(output);
            }
        }

        return output.ToArray();
    }

    /// <summary>The body has ended: gives what was held back.</summary>
    public byte[] Complete()
    {
        using var output = new PooledBytes();
        if (!isOpen)
        {
            Open(output);
        }

        if (unwinding is not null)
        {
            unwinding.Complete(plain, output);
            (WithheldReason, IsCut) = (unwinding.Reason, unwinding.IsCut);
        }
        else if (!isPlain)
        {
            var decoded = coded.Length == 0 ? default : ContentDecoder.Decode(coded.ToArray(), label);
            coded.Clear();
            (WithheldReason, IsCut) = (decoded.Reason, decoded.Salvaged);
            plain.Append(decoded.Bytes.Span, output);
        }

        plain.Complete(output);
        return output.ToArray();
    }

    public void Dispose()
    {
        plain.Dispose();
        unwinding?.Dispose();
        coded.Dispose();
    }

    /// <summary>Chooses the way by what the body begins with.</summary>
    private void Open(PooledBytes output)
    {
        isOpen = true;
        var all = coded.ToArray();
        var beginning = all.AsSpan(0, Math.Min(all.Length, BeginningBytes));
        var marked = CodingSniffer.Find(beginning) is { } coding && CodingSniffer.IsMarked(coding) ? coding : null;
        isPlain = marked is null && (label is null || CodingSniffer.IsText(beginning));
        unwinding = isPlain ? null : UnwindingBody.TryOpen(label is null || (marked is not null && !label.Contains(',', StringComparison.Ordinal)) ? marked! : label);
        if (isPlain || unwinding is not null)
        {
            coded.Clear();
            Pass(all, output);
        }
    }

    private void Pass(ReadOnlySpan<byte> part, PooledBytes output)
    {
        if (isPlain)
        {
            plain.Append(part, output);
        }
        else if (unwinding is not null)
        {
            unwinding.Append(part, plain, output);
        }
        else
        {
            coded.Append(part);
        }
    }
}
