namespace Lethe.Ingest.Journaling;

/// <summary>A run of a body: bytes that lie in the segment already, or bytes that are to be written.</summary>
internal readonly record struct RopePart(int Start, int Length, Extent? Earlier);

/// <summary>One body on its way into the segment, piece by piece, and what of it stands there already. Not thread-safe.</summary>
internal sealed class RopeBuilder(RepeatIndex index, int conversation, int ownBytes = 0) : IDisposable
{
    /// <summary>More extents than this are not told; the cheapest run of them is written again.</summary>
    private const int ExtentsMax = 64;

    private const int RewrittenAtOnce = 48;

    /// <summary>A shorter repeat is cheaper written than pointed at.</summary>
    private const int RepeatBytesMin = 48;

    private const int BodyBytesMax = 8 * 1024 * 1024;

    private readonly int generation = index.Generation;
    private byte[]? soFar;
    private int length;
    private RepeatedBody? against;
    private int matched;
    private List<Extent> rope = [];

    private bool IsStale => generation != index.Generation;

    /// <summary>Takes the next piece apart. The parts follow each other and make up all of it.</summary>
    public List<RopePart> Split(ReadOnlySpan<byte> piece)
    {
        if (piece.IsEmpty)
        {
            return [];
        }

        if (!Remember(piece))
        {
            return [new RopePart(0, piece.Length, null)];
        }

        against = matched < 0 ? null : length == piece.Length ? index.Find(piece, conversation) : against;
        var known = against is null ? default : against.Span;
        if (known.Length <= matched || matched < 0)
        {
            matched = -1;
            return [new RopePart(0, piece.Length, null)];
        }

        index.Used(against!);
        var repeatable = piece[..^Math.Min(ownBytes, piece.Length)];
        var head = repeatable.CommonPrefixLength(known[matched..]);
        var rest = known[(matched + head)..];
        var tail = RepeatIndex.CommonSuffixLength(repeatable[head..], rest);
        var parts = Compose(piece.Length, piece.Length - repeatable.Length, head, tail);
        matched = head == piece.Length ? matched + head : -1;
        return Shortened(parts);
    }

    /// <summary>Tells where the last piece came to lie.</summary>
    public void Placed(IReadOnlyList<Extent> extents)
    {
        foreach (var extent in extents)
        {
            Extent.Append(extent, rope);
        }
    }

    /// <summary>The body is whole: later ones are told against it.</summary>
    public void Keep()
    {
        if (soFar is not null && !IsStale && length >= RepeatBytesMin)
        {
            index.Keep(soFar, length, conversation, rope, against);
            soFar = null;
            rope = [];
        }
    }

    public void Dispose()
    {
        if (soFar is not null)
        {
            RepeatIndex.Pool.Return(soFar);
            soFar = null;
        }
    }

    /// <summary>False when the body is too long to be remembered, or the segment is another one by now.</summary>
    private bool Remember(ReadOnlySpan<byte> piece)
    {
        if (IsStale || length + (long)piece.Length > BodyBytesMax || (soFar is null && length > 0))
        {
            length = Math.Max(length, 1);
            Dispose();
            return false;
        }

        if (soFar is null || soFar.Length - length < piece.Length)
        {
            var larger = RepeatIndex.Pool.Rent(length + piece.Length);
            soFar?.AsSpan(0, length).CopyTo(larger);
            Dispose();
            soFar = larger;
        }

        piece.CopyTo(soFar.AsSpan(length));
        length += piece.Length;
        return true;
    }

    private List<RopePart> Compose(int pieceLength, int own, int head, int tail)
    {
        var parts = new List<RopePart>();
        var known = against!;
        var extents = new List<Extent>();
        head = head < RepeatBytesMin ? 0 : head;
        tail = tail < RepeatBytesMin ? 0 : tail;
        Extent.Cut(known.Rope, matched, head, extents);
        var at = Point(extents, 0, parts);
        var fresh = pieceLength - own - head - tail;
        at = Write(at, fresh, parts);
        extents.Clear();
        Extent.Cut(known.Rope, known.Length - tail, tail, extents);
        at = Point(extents, at, parts);
        Write(at, own, parts);
        return parts;
    }

    private static int Point(List<Extent> extents, int at, List<RopePart> parts)
    {
        foreach (var extent in extents)
        {
            if (extent.Length < RepeatBytesMin)
            {
                at = Write(at, (int)extent.Length, parts);
            }
            else
            {
                parts.Add(new RopePart(at, (int)extent.Length, extent));
                at += (int)extent.Length;
            }
        }

        return at;
    }

    private static int Write(int at, int count, List<RopePart> parts)
    {
        if (count > 0)
        {
            if (parts.Count > 0 && parts[^1].Earlier is null)
            {
                parts[^1] = parts[^1] with { Length = parts[^1].Length + count };
            }
            else
            {
                parts.Add(new RopePart(at, count, null));
            }
        }

        return at + count;
    }

    private static List<RopePart> Shortened(List<RopePart> parts)
    {
        while (parts.Count > ExtentsMax)
        {
            long sum = 0;
            var (best, bestSum) = (0, long.MaxValue);
            for (var i = 0; i < parts.Count; i++)
            {
                sum += parts[i].Length - (i >= RewrittenAtOnce ? parts[i - RewrittenAtOnce].Length : 0);
                if (i >= RewrittenAtOnce - 1 && sum < bestSum)
                {
                    (best, bestSum) = (i - RewrittenAtOnce + 1, sum);
                }
            }

            parts[best] = new RopePart(parts[best].Start, (int)bestSum, null);
            parts.RemoveRange(best + 1, RewrittenAtOnce - 1);
        }

        return parts;
    }
}
