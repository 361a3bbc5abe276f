using System.Buffers;
using System.Text;

namespace Lethe.Capture.Redaction;

/// <summary>
/// Finds secrets in bytes that come in parts. What may be the beginning of a secret is held until it can be told, so that the parts' sizes make no
/// difference. Not thread-safe.
/// </summary>
internal abstract class SecretWindow : IDisposable
{
    private const int SliceBytes = 32 * 1024;

    private readonly FoldedText text = new();
    private byte[] window = ArrayPool<byte>.Shared.Rent(SliceBytes);
    private int filled;
    private int released;
    private int seen;

    /// <summary>How many of the bytes taken wait for what follows them.</summary>
    public int HeldBytes => filled - released;

    /// <summary>Takes a part, and hands on as much as can be told by now.</summary>
    public void Append(ReadOnlySpan<byte> part)
    {
        while (!part.IsEmpty)
        {
            var slice = part[..Math.Min(part.Length, SliceBytes)];
            part = part[slice.Length..];
            MakeRoom(slice.Length);
            slice.CopyTo(window.AsSpan(filled));
            filled += slice.Length;
            Scan(final: false);
        }
    }

    /// <summary>Nothing follows what has come: hands on the rest.</summary>
    public void Complete() => Scan(final: true);

    public void Dispose()
    {
        if (window.Length > 0)
        {
            text.Dispose();
            ArrayPool<byte>.Shared.Return(window, clearArray: true);
            (window, filled, released, seen) = ([], 0, 0, 0);
        }
    }

    /// <summary>These bytes stay as they are.</summary>
    protected abstract void Keep(ReadOnlySpan<byte> bytes);

    /// <summary>These bytes are a secret, in whose place the mark stands.</summary>
    protected abstract void Replace(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> mark);

    private void Scan(bool final)
    {
        text.Fold(window.AsSpan(0, filled), final);
        var chars = text.Chars;
        while (true)
        {
            var anchor = chars[seen..].IndexOfAny(SecretShapes.Anchors);
            if (anchor < 0)
            {
                seen = final ? chars.Length : Math.Max(seen, chars.Length - SecretShapes.AnchorLengthMax + 1);
                Release(final ? filled : text.Start(seen));
                return;
            }

            seen += anchor;
            var finding = SecretShapes.Examine(chars, seen, final);
            if (finding.IsUnsure)
            {
                Release(text.Start(seen));
                return;
            }

            if (finding.IsSecret)
            {
                Release(text.Start(finding.Start));
                var end = End(finding.End);
                Replace(window.AsSpan(released, end - released), Mark(finding.Kind!));
                (released, seen) = (end, finding.End);
            }
            else
            {
                seen++;
            }
        }
    }

    /// <summary>Where the bytes of the characters before that one end: zeros behind them belong to what follows.</summary>
    private int End(int index)
    {
        var end = text.Start(index);
        while (end > released + 1 && window[end - 1] == 0)
        {
            end--;
        }

        return end;
    }

    /// <summary>The mark in the code units that the secret is written in.</summary>
    private byte[] Mark(string kind)
    {
        var mark = Encoding.ASCII.GetBytes($"[redacted:{kind}]");
        var zeros = 0;
        while (released + zeros + 1 < filled && window[released + zeros + 1] == 0)
        {
            zeros++;
        }

        if (zeros is not (1 or 3))
        {
            return mark;
        }

        var wide = new byte[((mark.Length - 1) * (zeros + 1)) + 1];
        for (var i = 0; i < mark.Length; i++)
        {
            wide[i * (zeros + 1)] = mark[i];
        }

        return wide;
    }

    private void Release(int until)
    {
        if (until > released)
        {
            Keep(window.AsSpan(released, until - released));
            released = until;
        }
    }

    private void MakeRoom(int count)
    {
        var behind = Math.Max(0, seen - SecretShapes.LookBehind);
        var drop = Math.Min(released, text.Start(behind));
        if (drop == text.Start(behind) && behind > 0)
        {
            text.Drop(behind);
            window.AsSpan(drop, filled - drop).CopyTo(window);
            (filled, released, seen) = (filled - drop, released - drop, seen - behind);
        }

        if (filled + count > window.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(filled + count);
            window.AsSpan(0, filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(window, clearArray: true);
            window = larger;
        }
    }
}
