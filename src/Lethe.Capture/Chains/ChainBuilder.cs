using System.Security.Cryptography;
using System.Text;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Chains;

/// <summary>
/// From what was said to content-addressed nodes. The rule is the tapes project's, so that stores can be compared. A call that names an answer instead of
/// repeating what led to it begins a chain of its own below that answer's id: the same words upon two answers are two messages, whichever is known first.
/// </summary>
public static class ChainBuilder
{
    /// <summary>Prompt, then reply, root to leaf; null when nothing was said.</summary>
    public static Chain? Build(Turn turn) => Build(turn, Projection.Current);

    /// <inheritdoc cref="Build(Turn)"/>
    public static Chain? Build(Turn turn, Projection projection) => Build(turn, projection, []);

    /// <inheritdoc cref="Build(Turn)"/>
    /// <param name="known">The nodes of the prompt's first messages, as far as they are known.</param>
    internal static Chain? Build(Turn turn, Projection projection, ReadOnlySpan<Node> known)
    {
        if (turn.Prompt.Count + turn.Reply.Count == 0)
        {
            return null;
        }

        using var hash = new Sha256Writer();
        var nodes = new List<Node>(turn.Prompt.Count + turn.Reply.Count);
        var continued = turn is { PreviousResponseId: { Length: > 0 } id, AsksForResponse: false } ? id : null;
        Append(turn.Prompt, nodes, hash, projection, known, continued);
        Append(turn.Reply, nodes, hash, projection, [], continued);
        return new Chain { Nodes = nodes, PromptLength = turn.Prompt.Count, Projection = projection.Number };
    }

    private static void Append(IReadOnlyList<Message> messages, List<Node> nodes, Sha256Writer hash, Projection projection, ReadOnlySpan<Node> known, string? continued)
    {
        nodes.AddRange(known);
        for (var i = known.Length; i < messages.Count; i++)
        {
            var isFirst = nodes.Count == 0;
            NodeHash? parent = isFirst ? null : nodes[^1].Hash;
            var below = isFirst && continued is not null ? Below(continued) : parent;
            nodes.Add(new Node(Address(messages[i], below, projection, hash), parent, nodes.Count, messages[i].Role, messages[i].Raw) { Continues = isFirst ? continued : null });
        }
    }

    // What stands for an answer that is known by its id alone.
    private static NodeHash Below(string answer) => new(SHA256.HashData(Encoding.UTF8.GetBytes("lethe.node.continues.v1\n" + answer)));

    /// <summary>The address of a message below its parent.</summary>
    internal static NodeHash Address(Message message, NodeHash? parent, Projection projection, Sha256Writer hash)
    {
        if (!NodePreimage.TryWrite(message, parent, projection, hash))
        {
            _ = hash.Finish();
            NodePreimage.WriteRaw(message, parent, hash);
        }

        return new NodeHash(hash.Finish());
    }
}
