using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>
/// Replaces secrets in a body that comes in parts by kind-tagged marks. What may be the beginning of a secret is held back until it can be told,
/// so that the parts' sizes make no difference. Not thread-safe.
/// </summary>
public sealed class StreamRedactor : IDisposable
{
    private readonly Window window;

    /// <param name="keepsLength">Marks are padded or cut to the secret's length, for bodies with binary framing.</param>
    public StreamRedactor(bool keepsLength = false) => window = new Window(keepsLength);

    /// <summary>How many secrets have been replaced so far.</summary>
    public long Replaced => window.Replaced;

    /// <summary>How many of the bytes taken wait for what follows them.</summary>
    public int HeldBytes => window.HeldBytes;

    /// <summary>Takes a part, and writes as much as can be told by now.</summary>
    public void Append(ReadOnlySpan<byte> part, PooledBytes output)
    {
        window.Output = output;
        window.Append(part);
    }

    /// <summary>Takes a part, and gives as much as can be told by now.</summary>
    public byte[] Append(ReadOnlySpan<byte> part)
    {
        using var output = new PooledBytes();
        Append(part, output);
        return output.ToArray();
    }

    /// <summary>The body has ended: writes the rest.</summary>
    public void Complete(PooledBytes output)
    {
        window.Output = output;
        window.Complete();
    }

    /// <summary>The body has ended: gives the rest.</summary>
    public byte[] Complete()
    {
        using var output = new PooledBytes();
        Complete(output);
        return output.ToArray();
    }

    public void Dispose() => window.Dispose();

    private sealed class Window(bool keepsLength) : SecretWindow
    {
        public PooledBytes? Output { get; set; }

        public long Replaced { get; private set; }

        protected override void Keep(ReadOnlySpan<byte> bytes) => Output!.Append(bytes);

        protected override void Replace(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> mark)
        {
            Replaced++;
            if (!keepsLength)
            {
                Output!.Append(mark);
                return;
            }

            Output!.Append(mark[..Math.Min(mark.Length, secret.Length)]);
            for (var padding = mark.Length; padding < secret.Length; padding++)
            {
                Output!.Append("*"u8);
            }
        }
    }
}
