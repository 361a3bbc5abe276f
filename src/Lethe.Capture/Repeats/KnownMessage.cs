using Lethe.Capture.Chains;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Repeats;

/// <summary>A message that was met before, below the messages before it: its bytes, its node, and which tool calls it answers.</summary>
internal sealed class KnownMessage
{
    /// <summary>How many messages that may follow are remembered; the oldest is forgotten first. As many conversations may begin alike.</summary>
    private const int FollowingMax = 256;

    /// <summary>Objects and lists of one entry, beside the bytes of its message.</summary>
    private const int OverheadBytes = 256;

    private volatile KnownMessage[] following = [];

    /// <summary>The beginning, before the first message.</summary>
    public KnownMessage()
    {
    }

    /// <param name="marks">Those for a vendor's cache in the message.</param>
    public KnownMessage(Message message, Node node, IReadOnlyList<string> marks)
    {
        // The bytes are kept beyond the body that they came in.
        Message = message.Rewritten(message.Raw.ToArray());
        Node = node with { Body = Message.Raw };
        List<ToolResult> results = [];
        for (var i = 0; i < message.Blocks.Count; i++)
        {
            if (message.Blocks[i] is { Type: "tool_result", ToolResultId: { } id } block)
            {
                var at = i;
                results.Add(new ToolResult(id, block.IsError, () => Message.Rewritten(Message.Raw).Blocks[at].ToolOutput) { Message = node.Depth });
            }
        }

        Results = results;
        Marks = marks;
    }

    /// <summary>The message, its blocks to be read when they are asked for.</summary>
    public Message? Message { get; }

    public Node? Node { get; }

    /// <summary>The outcomes that the message carries, their words to be read when they are asked for.</summary>
    public IReadOnlyList<ToolResult> Results { get; } = [];

    /// <summary>Its marks for the cache.</summary>
    public IReadOnlyList<string> Marks { get; } = [];

    public ReadOnlyMemory<byte> Raw => Message!.Raw;

    public long Bytes => Raw.Length + OverheadBytes;

    /// <summary>The message that these bytes begin with, below this one; null when it is a new one.</summary>
    public KnownMessage? Next(ReadOnlySpan<byte> bytes)
    {
        // The newest first: a mark for the cache stands on the last message alone, and what came after it has none.
        var known = following;
        for (var i = known.Length - 1; i >= 0; i--)
        {
            if (bytes.StartsWith(known[i].Raw.Span))
            {
                return known[i];
            }
        }

        return null;
    }

    /// <summary>Remembers what follows. Callers take turns; readers may come at any time.</summary>
    /// <returns>The message that was forgotten for it, with all below it; null when none was.</returns>
    public KnownMessage? Add(KnownMessage next)
    {
        var full = following.Length == FollowingMax;
        var forgotten = full ? following[0] : null;
        following = [.. full ? following[1..] : following, next];
        return forgotten;
    }

    /// <summary>The bytes of this and of all below it.</summary>
    public long Total()
    {
        var total = 0L;
        var open = new Stack<KnownMessage>([this]);
        while (open.TryPop(out var one))
        {
            total += one.Bytes;
            foreach (var next in one.following)
            {
                open.Push(next);
            }
        }

        return total;
    }
}
