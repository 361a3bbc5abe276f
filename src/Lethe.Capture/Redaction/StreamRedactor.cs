using System.Buffers;
using System.Text;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>
/// Replaces secrets in a body that comes in parts by kind-tagged marks. What may be the beginning of a secret is held back until it can be told,
/// so that the parts' sizes make no difference. Not thread-safe.
/// </summary>
public sealed class StreamRedactor : IDisposable
{
    private const int SliceBytes = 32 * 1024;

    private readonly bool keepsLength;
    private char[] window = ArrayPool<char>.Shared.Rent(SliceBytes + SecretShapes.SecretBytesMax);
    private int released;
    private int filled;

    /// <param name="keepsLength">Marks are padded or cut to the secret's length, for bodies with binary framing.</param>
    public StreamRedactor(bool keepsLength = false) => this.keepsLength = keepsLength;

    /// <summary>How many secrets have been replaced so far.</summary>
    public long Replaced { get; private set; }

    /// <summary>How many of the bytes taken wait for what follows them.</summary>
    public int HeldBytes => filled - released;

    /// <summary>Takes a part, and writes as much as can be told by now.</summary>
    public void Append(ReadOnlySpan<byte> part, PooledBytes output)
    {
        while (!part.IsEmpty)
        {
            var slice = part[..Math.Min(part.Length, SliceBytes)];
            part = part[slice.Length..];
            MakeRoom(slice.Length);
            filled += Encoding.Latin1.GetChars(slice, window.AsSpan(filled));
            Scan(final: false, output);
        }
    }

    /// <summary>Takes a part, and gives as much as can be told by now.</summary>
    public byte[] Append(ReadOnlySpan<byte> part)
    {
        using var output = new PooledBytes();
        Append(part, output);
        return output.ToArray();
    }

    /// <summary>The body has ended: writes the rest.</summary>
    public void Complete(PooledBytes output) => Scan(final: true, output);

    /// <summary>The body has ended: gives the rest.</summary>
    public byte[] Complete()
    {
        using var output = new PooledBytes();
        Complete(output);
        return output.ToArray();
    }

    public void Dispose()
    {
        if (window.Length > 0)
        {
            ArrayPool<char>.Shared.Return(window, clearArray: true);
            window = [];
            released = filled = 0;
        }
    }

    private void Scan(bool final, PooledBytes output)
    {
        var text = window.AsSpan(0, filled);
        var at = released;
        while (true)
        {
            var anchor = text[at..].IndexOfAny(SecretShapes.Anchors);
            if (anchor < 0)
            {
                Release(final ? filled : Math.Max(at, filled - SecretShapes.AnchorLengthMax + 1), output);
                return;
            }

            at += anchor;
            var finding = SecretShapes.Examine(text, at, final);
            if (finding.IsUnsure)
            {
                Release(at, output);
                return;
            }

            at++;
            if (finding.IsSecret)
            {
                Release(finding.Start, output);
                Replace(finding, output);
                at = released;
            }
        }
    }

    private void Release(int until, PooledBytes output)
    {
        Span<byte> block = stackalloc byte[1024];
        while (released < until)
        {
            var count = Encoding.Latin1.GetBytes(window.AsSpan(released, Math.Min(block.Length, until - released)), block);
            output.Append(block[..count]);
            released += count;
        }
    }

    private void Replace(Finding finding, PooledBytes output)
    {
        var mark = $"[redacted:{finding.Kind}]";
        var length = finding.End - finding.Start;
        output.Append(Encoding.ASCII.GetBytes(keepsLength ? mark.PadRight(length, '*')[..length] : mark));
        released = finding.End;
        Replaced++;
    }

    private void MakeRoom(int count)
    {
        var keep = Math.Max(0, released - SecretShapes.LookBehind);
        window.AsSpan(keep, filled - keep).CopyTo(window);
        filled -= keep;
        released -= keep;
        if (filled + count > window.Length)
        {
            var larger = ArrayPool<char>.Shared.Rent(filled + count);
            window.AsSpan(0, filled).CopyTo(larger);
            ArrayPool<char>.Shared.Return(window, clearArray: true);
            window = larger;
        }
    }
}
