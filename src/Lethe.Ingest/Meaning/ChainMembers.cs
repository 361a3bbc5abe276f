using System.Buffers.Binary;
using System.Security.Cryptography;
using Lethe.Capture.Chains;

namespace Lethe.Ingest.Meaning;

/// <summary>
/// Which session has which messages. Membership is closed under parent. Two sessions may share a node though their whole messages differ: what the
/// node holds is what came first, and a session keeps its own words beside it, those of its first exchange by capture.
/// </summary>
internal static class ChainMembers
{
    /// <summary>True when all before this node is known to be stored, and the session's, by an exchange before this one.</summary>
    public static bool IsKnown(WorkingSet set, string org, SessionState? session, NodeHash hash, CaptureClock clock) =>
        session is null
            ? set.Nodes.GetValueOrDefault((org, hash)) is not null
            : session.Members.TryGetValue(hash, out var member) && member.Clock <= clock;

    /// <summary>The place of the first node behind those that <see cref="IsKnown"/> knows.</summary>
    public static int FirstNew(WorkingSet set, string org, SessionState? session, Chain? chain, CaptureClock clock)
    {
        var from = chain?.Nodes.Count ?? 0;
        while (from > 0 && !IsKnown(set, org, session, chain!.Nodes[from - 1].Hash, clock))
        {
            from--;
        }

        return from;
    }

    /// <summary>Makes the session, if any, a member of the whole chain.</summary>
    /// <param name="firstNew">As <see cref="FirstNew"/> tells it.</param>
    public static void Join(WorkingSet set, string org, SessionState? session, Chain chain, CaptureClock clock, int firstNew)
    {
        var nodes = chain.Nodes;
        for (var i = firstNew; i < nodes.Count; i++)
        {
            var node = nodes[i];
            var digest = Digest(node.Body.Span);
            if (set.Nodes.GetValueOrDefault((org, node.Hash)) is not { } stored)
            {
                set.Nodes[(org, node.Hash)] = stored = new NodeState(digest);
                set.NewNodes.Add((org, node, digest));
            }

            session?.Join(node.Hash, clock, stored.BodyDigest == digest ? default(ReadOnlyMemory<byte>?) : node.Body);
        }
    }

    private static UInt128 Digest(ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
