using System.Numerics;

namespace Lethe.Ingest.Journaling;

/// <summary>How a request repeats an earlier one of its segment: so many bytes of it at the beginning, and so many at the end.</summary>
/// <param name="At">Where the line of the earlier one stands, which holds it in full.</param>
internal readonly record struct RepeatedRequest(JournalPosition At, int Head, int Tail);

/// <summary>
/// The requests that were last written in full, about one for each conversation under way. An agent sends its whole history with every call, and what
/// it sent before need not be escaped, hashed and written again. Not thread-safe.
/// </summary>
internal sealed class RecentRequests
{
    private const int CountMax = 16;
    private const int BytesMin = 4 * 1024;
    private const int BytesMax = 1024 * 1024;

    /// <summary>A request with a larger new part than this is written in full, and is what later ones are told against.</summary>
    private const double NewShareMax = 0.15;

    private readonly List<(JournalPosition At, byte[] Bytes)> recent = [];

    /// <summary>Tells what of the request stands in an earlier line; null when it has to be written in full, at <paramref name="at"/>, and is remembered.</summary>
    public RepeatedRequest? Find(ReadOnlySpan<byte> request, JournalPosition at)
    {
        if (request.Length is < BytesMin or > BytesMax)
        {
            return null;
        }

        var (best, repeated) = (-1, default(RepeatedRequest));
        for (var i = 0; i < recent.Count; i++)
        {
            var head = request.CommonPrefixLength(recent[i].Bytes);
            var tail = CommonSuffixLength(request[head..], recent[i].Bytes.AsSpan(head));
            if (head + tail > repeated.Head + repeated.Tail)
            {
                (best, repeated) = (i, new RepeatedRequest(recent[i].At, head, tail));
            }
        }

        var added = request.Length - repeated.Head - repeated.Tail;
        if (best >= 0 && added <= request.Length * NewShareMax)
        {
            var used = recent[best];
            recent.RemoveAt(best);
            recent.Add(used);
            return repeated;
        }

        // Of a conversation that has grown its older state is of no more use.
        if (best >= 0 && repeated.Head + repeated.Tail > recent[best].Bytes.Length / 2)
        {
            recent.RemoveAt(best);
        }
        else if (recent.Count == CountMax)
        {
            recent.RemoveAt(0);
        }

        recent.Add((at, request.ToArray()));
        return null;
    }

    /// <summary>Forgets everything: what was written is in another segment, or was taken back.</summary>
    public void Clear() => recent.Clear();

    private static int CommonSuffixLength(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var most = Math.Min(first.Length, second.Length);
        first = first[^most..];
        second = second[^most..];
        var common = 0;
        while (most - common >= Vector<byte>.Count && Vector.EqualsAll(Block(first, common), Block(second, common)))
        {
            common += Vector<byte>.Count;
        }

        while (common < most && first[^(common + 1)] == second[^(common + 1)])
        {
            common++;
        }

        return common;
    }

    private static Vector<byte> Block(ReadOnlySpan<byte> bytes, int fromEnd) => new(bytes.Slice(bytes.Length - fromEnd - Vector<byte>.Count, Vector<byte>.Count));
}
