using System.Security.Cryptography;
using System.Text;
using Lethe.Capture.Chains;

namespace Lethe.Capture.Harnesses;

/// <summary>
/// The session id of a call that brings none: the first answer of its conversation, which commits to all that was said before it, and the
/// credential. Not the first message alone: two chats that open with the same words are two sessions.
/// </summary>
internal static class SyntheticSession
{
    private const int HexDigits = 32;

    /// <summary>32 hex digits, or null when nothing was answered yet.</summary>
    public static Clue? Of(Chain? chain, string? credentialFingerprint)
    {
        if (chain?.Nodes.FirstOrDefault(node => node.Role is "assistant" or "model") is not { } answer)
        {
            return null;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(answer.Hash.Span);
        hash.AppendData(Encoding.UTF8.GetBytes(credentialFingerprint ?? ""));
        return new Clue(Convert.ToHexStringLower(hash.GetHashAndReset())[..HexDigits], "inference:first_answer");
    }
}
