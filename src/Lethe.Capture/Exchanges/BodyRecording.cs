using System.Security.Cryptography;

namespace Lethe.Capture.Exchanges;

/// <summary>One direction of a call while it runs: what has not been written yet, and the running totals. Guarded by its owner.</summary>
internal sealed class BodyRecording(long bytesMax, CaptureBudget? budget = null) : IDisposable
{
    private readonly PooledBytes unwritten = new();
    private IncrementalHash? hash;
    private long kept;

    public long WireBytes { get; private set; }

    public bool Truncated { get; private set; }

    /// <summary>True when bytes were given up because captures hold too much memory already.</summary>
    public bool IsOverBudget { get; private set; }

    public long UnwrittenBytes => unwritten.Length;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        WireBytes += bytes.Length;
        var room = (int)Math.Min(bytes.Length, bytesMax - kept);
        if (room > 0 && budget?.TryTake(room) == false)
        {
            // A body with a hole would be worse than a shorter one: nothing is kept from here on.
            IsOverBudget = true;
            kept = bytesMax;
            room = 0;
        }

        unwritten.Append(bytes[..room]);
        kept += room;
        if (room < bytes.Length)
        {
            Truncated = true;
            HashUnwritten();
            hash!.AppendData(bytes[room..]);
        }
    }

    /// <summary>Takes what has not been written yet, and forgets it. The taker gives its length back to the budget.</summary>
    public byte[] Take()
    {
        HashUnwritten();
        var taken = unwritten.ToArray();
        unwritten.Clear();
        hashedOfUnwritten = 0;
        return taken;
    }

    /// <summary>Gives up what has not been written: the capture's memory bound was met. The totals and the hash stay true.</summary>
    public void Drop()
    {
        if (unwritten.Length > 0)
        {
            HashUnwritten();
            budget?.Give(unwritten.Length);
            unwritten.Clear();
            hashedOfUnwritten = 0;
            Truncated = true;
        }

        kept = bytesMax;
    }

    /// <summary>Notes that bytes went over the wire which the door was not shown.</summary>
    public void MarkTruncated() => Truncated = true;

    public string Sha256()
    {
        HashUnwritten();
        return Convert.ToHexStringLower(hash!.GetCurrentHash());
    }

    public void Dispose()
    {
        budget?.Give(unwritten.Length);
        unwritten.Dispose();
        hash?.Dispose();
    }

    private long hashedOfUnwritten;

    private void HashUnwritten()
    {
        hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var skip = hashedOfUnwritten;
        foreach (var chunk in unwritten.Chunks())
        {
            if (skip >= chunk.Length)
            {
                skip -= chunk.Length;
                continue;
            }

            hash.AppendData(chunk.Span[(int)skip..]);
            skip = 0;
        }

        hashedOfUnwritten = unwritten.Length;
    }
}
