using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>
/// One direction's body on its way to the disk, in parts. Plain bodies pass through a sliding window;
/// coded ones are gathered, since a secret cannot be seen in them, and come out plain at the end. Not thread-safe.
/// </summary>
public sealed class BodyRedactor : IDisposable
{
    private readonly string? coding;
    private readonly StreamRedactor? window;
    private readonly PooledBytes coded = new();

    internal BodyRedactor(string? coding, StreamRedactor? window)
    {
        this.coding = coding;
        this.window = window;
    }

    /// <summary>Why the body is not kept (<c>content_coding_unknown</c>, <c>zstd_unavailable</c>, …), told at the end; null when it is.</summary>
    public string? WithheldReason { get; private set; }

    /// <summary>Takes a part, and gives what may be written by now.</summary>
    public byte[] Append(ReadOnlySpan<byte> part)
    {
        if (window is null)
        {
            return part.ToArray();
        }

        if (coding is null)
        {
            return window.Append(part);
        }

        coded.Append(part);
        return [];
    }

    /// <summary>The body has ended: gives what was held back.</summary>
    public byte[] Complete()
    {
        if (window is null)
        {
            return [];
        }

        if (coding is null)
        {
            return window.Complete();
        }

        var (plain, reason) = PlainBody.Of(coded.ToArray(), coding);
        coded.Clear();
        WithheldReason = reason;
        using var output = new PooledBytes();
        window.Append(plain.Span, output);
        window.Complete(output);
        return output.ToArray();
    }

    public void Dispose()
    {
        window?.Dispose();
        coded.Dispose();
    }
}
