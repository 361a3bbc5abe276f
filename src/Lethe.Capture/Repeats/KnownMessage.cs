using Lethe.Capture.Chains;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Repeats;

/// <summary>A message that was met before, below the messages before it: its bytes, its node, and which tool calls it answers.</summary>
internal sealed class KnownMessage
{
    /// <summary>How many messages that may follow are remembered; the oldest is forgotten first.</summary>
    private const int FollowingMax = 16;

    /// <summary>Objects and lists of one entry, beside the bytes of its message.</summary>
    private const int OverheadBytes = 256;

    private readonly Message? message;
    private volatile KnownMessage[] following = [];

    /// <summary>The beginning, before the first message.</summary>
    public KnownMessage()
    {
    }

    public KnownMessage(Message message, NodeHash node)
    {
        // The bytes are kept beyond the body that they came in.
        this.message = message.Rewritten(message.Raw.ToArray());
        Node = node;
        List<(int Block, ToolResult Result)> results = [];
        for (var i = 0; i < message.Blocks.Count; i++)
        {
            if (message.Blocks[i] is { Type: "tool_result", ToolResultId: { } id } block)
            {
                results.Add((i, new ToolResult(id, block.IsError)));
            }
        }

        Results = results;
    }

    public NodeHash Node { get; }

    public ReadOnlyMemory<byte> Raw => message!.Raw;

    public long Bytes => Raw.Length + OverheadBytes;

    private List<(int Block, ToolResult Result)> Results { get; } = [];

    /// <summary>The message, its blocks to be read when they are asked for.</summary>
    public Message Message() => message!.Rewritten(message.Raw);

    /// <summary>Adds the outcomes that the message carries, their words to be read when they are asked for.</summary>
    public void Collect(Message met, List<ToolResult> results)
    {
        foreach (var (block, result) in Results)
        {
            results.Add(new ToolResult(result.Id, result.IsError, () => met.Blocks[block].ToolOutput));
        }
    }

    /// <summary>The message that these bytes begin with, below this one; null when it is a new one.</summary>
    public KnownMessage? Next(ReadOnlySpan<byte> bytes)
    {
        foreach (var next in following)
        {
            if (bytes.StartsWith(next.Raw.Span))
            {
                return next;
            }
        }

        return null;
    }

    /// <summary>Remembers what follows. Callers take turns; readers may come at any time.</summary>
    /// <returns>How many bytes of messages were forgotten for it.</returns>
    public long Add(KnownMessage next)
    {
        var full = following.Length == FollowingMax;
        var forgotten = full ? following[0].Total() : 0;
        following = [.. full ? following[1..] : following, next];
        return forgotten;
    }

    private long Total()
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
