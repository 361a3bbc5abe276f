using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>
/// One direction's body on its way to the disk, in parts. Plain bodies pass through a sliding window, gzip and br are undone as they come;
/// other codings are gathered, since a secret cannot be seen in them, and come out plain at the end. Not thread-safe.
/// </summary>
public sealed class BodyRedactor : IDisposable
{
    private readonly string? coding;
    private readonly StreamRedactor window;
    private readonly UnwindingBody? unwinding;
    private readonly PooledBytes coded = new();

    internal BodyRedactor(string? coding, StreamRedactor window)
    {
        this.coding = coding;
        this.window = window;
        unwinding = coding is null ? null : UnwindingBody.TryOpen(coding);
    }

    /// <summary>Why the body, or its end, is not kept (<c>content_coding_unknown</c>, <c>content_coding_corrupt</c>, …), told at the end; null when it is.</summary>
    public string? WithheldReason { get; private set; }

    /// <summary>Takes a part, and gives what may be written by now.</summary>
    public byte[] Append(ReadOnlySpan<byte> part)
    {
        using var output = new PooledBytes();
        if (coding is null)
        {
            window.Append(part, output);
        }
        else if (unwinding is not null)
        {
            unwinding.Append(part, window, output);
        }
        else
        {
            coded.Append(part);
        }

        return output.ToArray();
    }

    /// <summary>The body has ended: gives what was held back.</summary>
    public byte[] Complete()
    {
        using var output = new PooledBytes();
        if (unwinding is not null)
        {
            WithheldReason = unwinding.Reason;
        }
        else if (coding is not null)
        {
            var (plain, reason) = PlainBody.Of(coded.ToArray(), coding);
            coded.Clear();
            WithheldReason = reason;
            window.Append(plain.Span, output);
        }

        window.Complete(output);
        return output.ToArray();
    }

    public void Dispose()
    {
        window.Dispose();
        unwinding?.Dispose();
        coded.Dispose();
    }
}
