using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// Which earlier body a request begins like, by the places of its bytes: the same extents hold the same bytes, for what is durable is never written
/// again. Any number of conversations may begin alike. Bounded in count; the oldest is forgotten first. Not thread-safe.
/// </summary>
internal sealed class GrowingBodies
{
    private const int BodiesMax = 4096;

    private static long lastId;

    // Where a run of bytes lies, and the newest body that has it.
    private readonly Dictionary<(long Segment, long Offset), Body> byPlace = [];
    private readonly Queue<Body> oldestFirst = new();

    /// <summary>Notes a body, and tells what it grew out of.</summary>
    public GrownBody.Origin Take(IReadOnlyList<Extent> rope)
    {
        var id = Interlocked.Increment(ref lastId);
        if (rope.Count == 0)
        {
            return new GrownBody.Origin(id, 0, 0);
        }

        var (earlier, repeated) = Find(rope);
        if (oldestFirst.Count == BodiesMax)
        {
            ForgetOldest();
        }

        var body = new Body(id, rope);
        oldestFirst.Enqueue(body);
        foreach (var extent in rope)
        {
            byPlace[(extent.Segment, extent.Offset)] = body;
        }

        return new GrownBody.Origin(id, earlier?.Id ?? 0, checked((int)repeated));
    }

    /// <summary>The body that shares most: what it shares last was its own, and no other conversation has it.</summary>
    private (Body? Earlier, long Repeated) Find(IReadOnlyList<Extent> rope)
    {
        var (earlier, repeated) = (default(Body), 0L);
        var end = Extent.TotalOf(rope);
        for (var i = rope.Count - 1; i >= 0 && end > repeated; end -= rope[i].Length, i--)
        {
            if (byPlace.TryGetValue((rope[i].Segment, rope[i].Offset), out var known) && known != earlier && Extent.CommonPrefix(known.Rope, rope) is var shared && shared > repeated)
            {
                (earlier, repeated) = (known, shared);
            }
        }

        return (earlier, repeated);
    }

    private void ForgetOldest()
    {
        var body = oldestFirst.Dequeue();
        foreach (var extent in body.Rope)
        {
            if (byPlace.TryGetValue((extent.Segment, extent.Offset), out var known) && known == body)
            {
                byPlace.Remove((extent.Segment, extent.Offset));
            }
        }
    }

    private sealed class Body(long id, IReadOnlyList<Extent> rope)
    {
        public long Id => id;

        public IReadOnlyList<Extent> Rope => rope;
    }
}
