namespace Lethe.Ingest.Journaling;

/// <summary>A run of bytes in a segment's <c>.bodies</c>.</summary>
internal readonly record struct Extent(long Segment, long Offset, long Length)
{
    public long End => Offset + Length;

    /// <summary>The extents that hold a run of bytes of the body that <paramref name="rope"/> makes up.</summary>
    public static void Cut(IReadOnlyList<Extent> rope, long start, long length, List<Extent> into)
    {
        for (var i = 0; i < rope.Count && length > 0; i++)
        {
            var extent = rope[i];
            if (start >= extent.Length)
            {
                start -= extent.Length;
                continue;
            }

            var count = Math.Min(length, extent.Length - start);
            Append(extent with { Offset = extent.Offset + start, Length = count }, into);
            start = 0;
            length -= count;
        }
    }

    /// <summary>Adds an extent behind the others; one that lies right behind the last is one with it.</summary>
    public static void Append(Extent extent, List<Extent> rope)
    {
        if (extent.Length == 0)
        {
            return;
        }

        if (rope.Count > 0 && rope[^1].Segment == extent.Segment && rope[^1].End == extent.Offset)
        {
            rope[^1] = rope[^1] with { Length = rope[^1].Length + extent.Length };
        }
        else
        {
            rope.Add(extent);
        }
    }

    /// <summary>How many bytes two bodies share at their beginnings because they are the same bytes of the same file.</summary>
    public static long CommonPrefix(IReadOnlyList<Extent> one, IReadOnlyList<Extent> other)
    {
        long total = 0;
        for (var i = 0; i < one.Count && i < other.Count && one[i].Segment == other[i].Segment && one[i].Offset == other[i].Offset; i++)
        {
            total += Math.Min(one[i].Length, other[i].Length);
            if (one[i].Length != other[i].Length)
            {
                break;
            }
        }

        return total;
    }

    public static long TotalOf(IReadOnlyList<Extent> rope)
    {
        long total = 0;
        for (var i = 0; i < rope.Count; i++)
        {
            total += rope[i].Length;
        }

        return total;
    }
}
