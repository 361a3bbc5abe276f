using System.Security.Cryptography;

namespace Lethe.Capture.Exchanges;

/// <summary>One direction of a call while it runs: what has not been written yet, and the running totals. Guarded by its owner.</summary>
/// <param name="expected">How many bytes its sender announced; 0 where it did not.</param>
internal sealed class BodyRecording(long bytesMax, CaptureBudget? budget = null, long expected = 0) : IDisposable
{
    private readonly RentedBytes unwritten = new(Math.Min(expected, bytesMax));
    private IncrementalHash? hash;
    private int hashedOfUnwritten;
    private int countedOfUnwritten;
    private long streamedCharacters;
    private long kept;

    public long WireBytes { get; private set; }

    public bool Truncated { get; private set; }

    /// <summary>True when bytes were given up because captures hold too much memory already.</summary>
    public bool IsOverBudget { get; private set; }

    public long UnwrittenBytes => unwritten.Length;

    /// <summary>A copy of the first bytes, at most so many; none where they were taken.</summary>
    public byte[] Beginning(int bytesMax) => unwritten.Length == kept ? unwritten.Written[..Math.Min(bytesMax, unwritten.Length)].ToArray() : [];

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

    /// <summary>Of a stream of events: about how many characters of its words have come. Every byte is looked at once.</summary>
    public long CountStreamed()
    {
        var fresh = unwritten.Written[countedOfUnwritten..];
        var whole = fresh.LastIndexOf((byte)'\n') + 1;
        streamedCharacters += StreamedText.Characters(fresh[..whole]);
        countedOfUnwritten += whole;
        return streamedCharacters;
    }

    /// <summary>Takes what came since the last time, with the totals of everything. The taker gives the length back to the budget, and the memory to its pool.</summary>
    /// <param name="hashed">False leaves the hash out where the bytes tell it: nothing was taken, cut or dropped before.</param>
    public CapturedBody Take(bool hashed)
    {
        var sha256 = hashed || hash is not null || Truncated ? Sha256() : null;
        (hashedOfUnwritten, countedOfUnwritten) = (0, 0);
        return new CapturedBody { Bytes = unwritten.Detach(), WireBytes = WireBytes, Sha256 = sha256, Truncated = Truncated };
    }

    /// <summary>Gives up what has not been written: the capture's memory bound was met. The totals and the hash stay true.</summary>
    public void Drop()
    {
        if (unwritten.Length > 0)
        {
            HashUnwritten();
            budget?.Give(unwritten.Length);
            unwritten.Clear();
            (hashedOfUnwritten, countedOfUnwritten) = (0, 0);
            Truncated = true;
        }

        kept = bytesMax;
    }

    /// <summary>Notes that bytes went over the wire which the door was not shown.</summary>
    public void MarkTruncated() => Truncated = true;

    public void Dispose()
    {
        budget?.Give(unwritten.Length);
        unwritten.Dispose();
        hash?.Dispose();
    }

    private string Sha256()
    {
        HashUnwritten();
        return Convert.ToHexStringLower(hash!.GetCurrentHash());
    }

    private void HashUnwritten()
    {
        hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(unwritten.Written[hashedOfUnwritten..]);
        hashedOfUnwritten = unwritten.Length;
    }
}
