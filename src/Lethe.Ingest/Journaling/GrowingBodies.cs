using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// Which earlier body a request begins like, by the places of its bytes: the same extents hold the same bytes, for what is durable is never written
/// again. Bounded in count; what was met longest ago is forgotten first. Not thread-safe.
/// </summary>
internal sealed class GrowingBodies
{
    private const int ConversationsMax = 4096;

    /// <summary>Branches of a conversation that grow side by side.</summary>
    private const int BranchesMax = 4;

    private static long lastId;

    // What repeats begins where the first one lies.
    private readonly Dictionary<(long Segment, long Offset), LinkedListNode<Conversation>> byBeginning = [];
    private readonly LinkedList<Conversation> byUse = new();

    /// <summary>Notes a body, and tells what it grew out of.</summary>
    public GrownBody.Origin Take(IReadOnlyList<Extent> rope)
    {
        var id = Interlocked.Increment(ref lastId);
        if (rope.Count == 0)
        {
            return new GrownBody.Origin(id, id, 0, 0);
        }

        var conversation = Open((rope[0].Segment, rope[0].Offset), id);
        var (earlier, repeated) = (default(Branch), 0L);
        foreach (var branch in conversation.Branches)
        {
            // The newest of those that share as much.
            var shared = Extent.CommonPrefix(branch.Rope, rope);
            (earlier, repeated) = shared >= repeated ? (branch, shared) : (earlier, repeated);
        }

        if (conversation.Branches.Count == BranchesMax)
        {
            conversation.Branches.RemoveAt(0);
        }

        conversation.Branches.Remove(earlier);
        conversation.Branches.Add(new Branch(id, rope));
        return new GrownBody.Origin(id, conversation.Id, earlier.Id, checked((int)repeated));
    }

    private Conversation Open((long Segment, long Offset) beginning, long id)
    {
        if (byBeginning.TryGetValue(beginning, out var known))
        {
            byUse.Remove(known);
            byUse.AddFirst(known);
            return known.Value;
        }

        if (byUse.Count == ConversationsMax)
        {
            byBeginning.Remove(byUse.Last!.Value.Beginning);
            byUse.RemoveLast();
        }

        var opened = new Conversation(id, beginning, []);
        byBeginning[beginning] = byUse.AddFirst(opened);
        return opened;
    }

    private readonly record struct Branch(long Id, IReadOnlyList<Extent> Rope);

    private sealed record Conversation(long Id, (long Segment, long Offset) Beginning, List<Branch> Branches);
}
