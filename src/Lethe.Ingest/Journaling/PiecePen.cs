using System.Security.Cryptography;

namespace Lethe.Ingest.Journaling;

/// <summary>Puts pieces of bodies one behind the other, uncopied, each line's behind a salt of its own, and knows where each will stand. Not thread-safe.</summary>
internal sealed class PiecePen
{
    private const int SaltsAtOnce = 256;

    private Memory<byte> salts;
    private long segment;
    private long rangeStart;
    private long rangeEnd;
    private int rangePieces;

    /// <summary>Pieces that are not in the file yet, salts between them.</summary>
    public List<ReadOnlyMemory<byte>> Unwritten { get; } = [];

    /// <summary>Where the next range will stand.</summary>
    public long End { get; private set; }

    /// <summary>What comes next stands there.</summary>
    public void StartAt(long inSegment, long end)
    {
        segment = inSegment;
        End = end;
    }

    /// <summary>Takes back what was put behind the first so many pieces.</summary>
    public void RollBack(int count, long end)
    {
        Unwritten.RemoveRange(count, Unwritten.Count - count);
        End = end;
    }

    /// <summary>What is put from here on is told by one line.</summary>
    public void BeginRange()
    {
        rangeStart = End;
        rangeEnd = rangeStart;
        rangePieces = Unwritten.Count;
    }

    /// <summary>What was put since; null when that is nothing.</summary>
    public WrittenRange? EndRange()
    {
        if (rangeEnd == rangeStart)
        {
            return null;
        }

        End = rangeEnd;
        return new WrittenRange(rangeStart, rangeEnd - rangeStart - WrittenRange.SaltBytes, WrittenRange.NoCommit);
    }

    /// <summary>The pieces of the range, its salt first.</summary>
    public ReadOnlyMemory<byte>[] Range() => [.. Unwritten[rangePieces..]];

    /// <summary>Puts what does not lie in the segment yet, and tells where all of it is.</summary>
    /// <param name="rope">Knows what it may repeat; null for what repeats nothing.</param>
    public List<Extent> Put(ReadOnlyMemory<byte> bytes, RopeBuilder? rope)
    {
        if (rope is not null)
        {
            return Put(bytes, rope, rope.Split(bytes.Span));
        }

        var extents = new List<Extent>();
        PutFresh(bytes, extents);
        return extents;
    }

    /// <inheritdoc cref="Put(ReadOnlyMemory{byte}, RopeBuilder)"/>
    /// <param name="parts">As the rope has split the bytes.</param>
    public List<Extent> Put(ReadOnlyMemory<byte> bytes, RopeBuilder rope, List<RopePart> parts)
    {
        var extents = new List<Extent>();
        foreach (var part in parts)
        {
            if (part.Earlier is { } earlier)
            {
                Extent.Append(earlier, extents);
            }
            else
            {
                PutFresh(bytes.Slice(part.Start, part.Length), extents);
            }
        }

        rope.Placed(extents);
        return extents;
    }

    private void PutFresh(ReadOnlyMemory<byte> bytes, List<Extent> extents)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (rangeEnd == rangeStart)
        {
            Unwritten.Add(NewSalt());
            rangeEnd += WrittenRange.SaltBytes;
        }

        Unwritten.Add(bytes);
        Extent.Append(new Extent(segment, rangeEnd, bytes.Length), extents);
        rangeEnd += bytes.Length;
    }

    private Memory<byte> NewSalt()
    {
        if (salts.IsEmpty)
        {
            salts = RandomNumberGenerator.GetBytes(SaltsAtOnce * WrittenRange.SaltBytes);
        }

        var salt = salts[..WrittenRange.SaltBytes];
        salts = salts[WrittenRange.SaltBytes..];
        return salt;
    }
}
