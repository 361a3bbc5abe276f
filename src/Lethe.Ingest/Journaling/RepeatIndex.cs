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
    private const int BlockBytes = 1024;
    private const int FirstBlockBytes = 128;
    private const int FirstBlocks = BlockBytes / FirstBlockBytes;

    /// <summary>A body of which only this part is not in its successor is of no more use.</summary>
    private const int NewShareMin = 32;

    /// <summary>Where the copies come from and go to; the shared pool keeps few of this size, and the collector would move the rest about.</summary>
    public static readonly ArrayPool<byte> Pool = ArrayPool<byte>.Create(maxArrayLength: 8 * 1024 * 1024, maxArraysPerBucket: 512);

    private readonly Dictionary<ulong, RepeatedBody> byPrefix = [];
    private readonly LinkedList<RepeatedBody> byUse = [];
    private long bytes;

    /// <summary>Grows when everything is forgotten: what was found before is in another segment.</summary>
    public int Generation { get; private set; }

    /// <summary>The body that shares the longest prefix, to the block, with this one; null when none shares a block.</summary>
    public RepeatedBody? Find(ReadOnlySpan<byte> body, int conversation)
    {
        Span<ulong> prints = stackalloc ulong[64];
        var count = CountOf(body.Length);
        var rented = count > prints.Length ? ArrayPool<ulong>.Shared.Rent(count) : null;
        prints = (rented ?? prints)[..count];
        Fingerprint(body, conversation, prints);
        RepeatedBody? found = null;
        for (var i = count - 1; i >= 0 && found is null; i--)
        {
            byPrefix.TryGetValue(prints[i], out found);
        }

        if (rented is not null)
        {
            ArrayPool<ulong>.Shared.Return(rented);
        }

        return found;
    }

    /// <summary>Remembers a body that has been written whole, and where. The copy is the index's from now on.</summary>
    /// <param name="body">Rented from <see cref="Pool"/>.</param>
    public void Keep(byte[] body, int length, int conversation, IReadOnlyList<Extent> rope, RepeatedBody? grownFrom)
    {
        if (grownFrom is not null && IsContained(grownFrom.Span, body.AsSpan(0, length)))
        {
            Remove(grownFrom);
        }

        var kept = new RepeatedBody(body, length, rope, new ulong[CountOf(length)]);
        Fingerprint(kept.Span, conversation, kept.Fingerprints);
        foreach (var print in kept.Fingerprints)
        {
            byPrefix[print] = kept;
        }

        byUse.AddLast(kept.Place);
        bytes += length;
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
        bytes -= body.Length;
        body.Release();
    }

    private static int CountOf(int length) => length < BlockBytes ? length / FirstBlockBytes : FirstBlocks + (length / BlockBytes) - 1;

    private static int EndOf(int block) => block < FirstBlocks ? (block + 1) * FirstBlockBytes : (block - FirstBlocks + 2) * BlockBytes;

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

/// <summary>A body that lies in the live segment, where its bytes lie, and what its prefixes are found by.</summary>
internal sealed class RepeatedBody
{
    private byte[]? bytes;

    public RepeatedBody(byte[] bytes, int length, IReadOnlyList<Extent> rope, ulong[] fingerprints)
    {
        this.bytes = bytes;
        Length = length;
        Rope = rope;
        Fingerprints = fingerprints;
        Place = new LinkedListNode<RepeatedBody>(this);
    }

    public int Length { get; }

    /// <summary>Empty once the index has let it go.</summary>
    public ReadOnlySpan<byte> Span => bytes is null ? default : bytes.AsSpan(0, Length);

    public IReadOnlyList<Extent> Rope { get; }

    public ulong[] Fingerprints { get; }

    public LinkedListNode<RepeatedBody> Place { get; }

    public void Release()
    {
        if (bytes is not null)
        {
            RepeatIndex.Pool.Return(bytes);
            bytes = null;
        }
    }
}
