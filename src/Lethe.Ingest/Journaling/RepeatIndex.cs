using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// The bodies that were last written into the live segment, about one for each conversation under way. An agent sends its whole history with every call;
/// what it sent before is found by a fingerprint of the prefix, and pointed at instead of written. Bounded in bytes; what was not met for longest goes
/// first. Not thread-safe.
/// </summary>
internal sealed class RepeatIndex(long bytesMax) : IDisposable
{
    // Prefixes are looked for at every so many bytes, and more closely where a conversation is young.
    private const int FirstBlockBytes = 128;
    private const int FirstBlocks = 8;
    private const int MiddleBlockBytes = 1024;
    private const int MiddleBlocks = 16;
    private const int BlockBytes = 4096;
    private const int FirstEnd = FirstBlocks * FirstBlockBytes;
    private const int MiddleEnd = FirstEnd + (MiddleBlocks * MiddleBlockBytes);

    /// <summary>A body of which only this part is not in its successor is of no more use.</summary>
    private const int NewShareMin = 32;

    /// <summary>Where copies of bodies that came in pieces come from and go to; the shared pool keeps few of this size, and the collector would move the rest about.</summary>
    public static readonly ArrayPool<byte> Pool = ArrayPool<byte>.Create(maxArrayLength: 8 * 1024 * 1024, maxArraysPerBucket: 512);

    private readonly Dictionary<ulong, RepeatedBody> byPrefix = [];
    private readonly LinkedList<RepeatedBody> byUse = [];
    private long bytes;

    /// <summary>Grows when everything is forgotten: what was found before is in another segment.</summary>
    public int Generation { get; private set; }

    /// <summary>What the prefixes of a body are found by.</summary>
    public static ulong[] Fingerprints(ReadOnlySpan<byte> body, int conversation)
    {
        var prints = new ulong[CountOf(body.Length)];
        Fingerprint(body, conversation, prints);
        return prints;
    }

    /// <summary>The body that shares the longest prefix, to the block; null when none shares a block.</summary>
    public RepeatedBody? Find(ReadOnlySpan<ulong> fingerprints)
    {
        for (var i = fingerprints.Length - 1; i >= 0; i--)
        {
            if (byPrefix.TryGetValue(fingerprints[i], out var found))
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Remembers a body that has been written whole, and where.</summary>
    /// <param name="body">Held for the index, which lets it go.</param>
    /// <param name="fingerprints">Those of all its prefixes.</param>
    public void Keep(SharedBytes body, ulong[] fingerprints, IReadOnlyList<Extent> rope, RepeatedBody? grownFrom)
    {
        if (grownFrom is not null && IsContained(grownFrom.Span, body.Bytes.Span))
        {
            Remove(grownFrom);
        }

        var kept = new RepeatedBody(body, rope, fingerprints);
        foreach (var print in fingerprints)
        {
            byPrefix[print] = kept;
        }

        byUse.AddLast(kept.Place);
        bytes += kept.HeldBytes;
        while (bytes > bytesMax)
        {
            Remove(byUse.First!.Value);
        }
    }

    public void Used(RepeatedBody body)
    {
        if (body.Place.List == byUse)
        {
            byUse.Remove(body.Place);
            byUse.AddLast(body.Place);
        }
    }

    /// <summary>Forgets everything: what was written is in another segment, or was taken back.</summary>
    public void Clear()
    {
        while (byUse.First is { } first)
        {
            Remove(first.Value);
        }

        Generation++;
    }

    public void Dispose() => Clear();

    private static bool IsContained(ReadOnlySpan<byte> earlier, ReadOnlySpan<byte> later)
    {
        var head = earlier.CommonPrefixLength(later);
        var tail = CommonSuffixLength(earlier[head..], later[head..]);
        return earlier.Length - head - tail <= earlier.Length / NewShareMin;
    }

    private void Remove(RepeatedBody body)
    {
        if (body.Place.List != byUse)
        {
            return;
        }

        foreach (var print in body.Fingerprints)
        {
            if (byPrefix.TryGetValue(print, out var found) && ReferenceEquals(found, body))
            {
                byPrefix.Remove(print);
            }
        }

        byUse.Remove(body.Place);
        bytes -= body.HeldBytes;
        body.LetGo();
    }

    private static int CountOf(int length) => length switch
    {
        < FirstEnd => length / FirstBlockBytes,
        < MiddleEnd => FirstBlocks + ((length - FirstEnd) / MiddleBlockBytes),
        _ => FirstBlocks + MiddleBlocks + ((length - MiddleEnd) / BlockBytes),
    };

    private static int EndOf(int block) => block switch
    {
        < FirstBlocks => (block + 1) * FirstBlockBytes,
        < FirstBlocks + MiddleBlocks => FirstEnd + ((block - FirstBlocks + 1) * MiddleBlockBytes),
        _ => MiddleEnd + ((block - FirstBlocks - MiddleBlocks + 1) * BlockBytes),
    };

    /// <summary>One fingerprint for each prefix of whole blocks. They need not withstand an attack: what they find is compared byte by byte.</summary>
    private static void Fingerprint(ReadOnlySpan<byte> body, int conversation, Span<ulong> into)
    {
        var (first, second) = ((uint)conversation, ~(uint)conversation);
        var start = 0;
        for (var block = 0; block < into.Length; block++)
        {
            var words = MemoryMarshal.Cast<byte, ulong>(body[start..EndOf(block)]);
            for (var i = 0; i + 1 < words.Length; i += 2)
            {
                first = BitOperations.Crc32C(first, words[i]);
                second = BitOperations.Crc32C(second, words[i + 1]);
            }

            into[block] = (((ulong)first << 32) | second) + (ulong)block;
            start = EndOf(block);
        }
    }

    public static int CommonSuffixLength(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
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
