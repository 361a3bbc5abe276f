using System.Buffers;
using System.Text;
using Lethe.Capture.Chains;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Harnesses;

/// <summary>
/// The session id of a call that brings none: the first answer of its conversation, which commits to all that was said before it, and the
/// credential. Not the first message alone: two chats that open with the same words are two sessions.
/// </summary>
internal static class SyntheticSession
{
    private const int HexDigits = 32;

    /// <summary>
    /// 32 hex digits, or null when nothing was answered yet. A first answer that was cut is none: the call that is tried again is answered with
    /// other words, and both are one conversation. An answer that comes later is known by its id; who asks for it is of the session that it was
    /// promised to, and has none by itself.
    /// </summary>
    public static Clue? Of(Turn? turn, Chain? chain, string? credentialFingerprint)
    {
        if (turn is { IsPromised: true, ResponseId: { Length: > 0 } id } && !SaysAnswer(turn, chain))
        {
            using var promised = new Sha256Writer();
            return Of(Encoding.UTF8.GetBytes(id), credentialFingerprint, promised, "inference:response_id");
        }

        if (turn is { AsksForResponse: true })
        {
            return null;
        }

        if (chain is null || FirstAnswer(chain.Nodes) is not (>= 0 and var first) || (turn is { ReplyComplete: false } && first >= turn.Prompt.Count))
        {
            return null;
        }

        using var hash = new Sha256Writer();
        var answer = turn is null ? chain.Nodes[first].Hash : AddressOfWords(turn, chain, first, hash);
        return Of(answer.Span, credentialFingerprint, hash, "inference:first_answer");
    }

    private static Clue Of(ReadOnlySpan<byte> answer, string? credentialFingerprint, Sha256Writer hash, string source)
    {
        hash.Write(answer);
        hash.Write(Encoding.UTF8.GetBytes(credentialFingerprint ?? ""));
        return new Clue(Convert.ToHexStringLower(hash.Finish())[..HexDigits], source);
    }

    private static bool SaysAnswer(Turn turn, Chain? chain) => chain is not null && FirstAnswer(chain.Nodes) is >= 0 and var first && first < turn.Prompt.Count;

    private static int FirstAnswer(IReadOnlyList<Node> nodes)
    {
        for (var i = 0; i < nodes.Count; i++)
        {
            if (IsAnswer(nodes[i].Role))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>
    /// The address that the first answer has without its thoughts: many clients do not send those again, and the id must be the same when
    /// the answer comes and when a later prompt repeats it. Without thoughts it is the node's own address.
    /// </summary>
    private static NodeHash AddressOfWords(Turn turn, Chain chain, int first, Sha256Writer hash)
    {
        for (var i = first; i < chain.Nodes.Count && IsAnswer(chain.Nodes[i].Role); i++)
        {
            var message = i < turn.Prompt.Count ? turn.Prompt[i] : turn.Reply[i - turn.Prompt.Count];
            if (i == first && !message.Blocks.Any(IsThought))
            {
                return chain.Nodes[i].Hash;
            }

            Block[] words = [.. message.Blocks.Where(block => !IsThought(block))];
            if (words.Length > 0)
            {
                return ChainBuilder.Address(message with { Blocks = words }, chain.Nodes[first].Parent, Projection.Current, hash);
            }
        }

        return chain.Nodes[first].Hash;
    }

    private static bool IsAnswer(string role) => role is "assistant" or "model";

    private static bool IsThought(Block block) => block.Type is "thinking" or "redacted_thinking";
}
