using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Lethe.Ingest.Searching;

/// <summary>
/// Ascending numbers as the distances between them, each in about as many bits as its list needs (Rice's code: what a distance has above its low bits is
/// counted in ones, and a zero ends it). How many there are, and how many low bits, stand before them.
/// </summary>
internal static class Gaps
{
    /// <summary>So many low bits are never needed.</summary>
    private const int LowBitsEnd = 32;

    public static void Write(ArrayBufferWriter<byte> into, List<long> numbers)
    {
        var lowBits = Math.Min(BitOperations.Log2((ulong)((numbers[^1] / numbers.Count) | 1)), LowBitsEnd - 1);
        Leb128.Write(into, (numbers.Count * (long)LowBitsEnd) + lowBits);
        var (bits, held, last) = (0UL, 0, -1L);
        void Put(ulong value, int count)
        {
            bits |= value << held;
            held += count;
            for (; held >= 8; held -= 8, bits >>= 8)
            {
                into.GetSpan(1)[0] = (byte)bits;
                into.Advance(1);
            }
        }

        foreach (var number in numbers)
        {
            var gap = number - last - 1;
            for (var high = gap >> lowBits; high > 0; high--)
            {
                Put(1, 1);
            }

            Put(0, 1);
            Put((ulong)gap & ((1UL << lowBits) - 1), lowBits);
            last = number;
        }

        Put(0, (8 - held) % 8);
    }

    public static long[] Read(ReadOnlySpan<byte> from, ref int at)
    {
        var head = Leb128.Read(from, ref at);
        var numbers = new long[head / LowBitsEnd];
        var bits = new BitReader(from, at);
        var last = -1L;
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = last += bits.Next((int)(head % LowBitsEnd)) + 1;
        }

        at = bits.End;
        return numbers;
    }

    /// <summary>Goes on behind a list.</summary>
    public static void Pass(ReadOnlySpan<byte> from, ref int at)
    {
        var head = Leb128.Read(from, ref at);
        var bits = new BitReader(from, at);
        for (var left = head / LowBitsEnd; left > 0; left--)
        {
            _ = bits.Next((int)(head % LowBitsEnd));
        }

        at = bits.End;
    }

    private ref struct BitReader(ReadOnlySpan<byte> from, int start)
    {
        /// <summary>So many bits are there for certain, wherever in a byte they begin.</summary>
        private const int PeekedMin = 56;

        private readonly ReadOnlySpan<byte> from = from;
        private long at = start * 8L;

        /// <summary>The first whole byte behind what was read.</summary>
        public readonly int End => (int)((at + 7) / 8);

        public long Next(int lowBits)
        {
            var high = 0L;
            while (true)
            {
                var ones = BitOperations.TrailingZeroCount(~Peek());
                high += Math.Min(ones, PeekedMin);
                at += Math.Min(ones, PeekedMin);
                if (ones < PeekedMin)
                {
                    break;
                }
            }

            at++;
            var low = (long)(Peek() & ((1UL << lowBits) - 1));
            at += lowBits;
            return (high << lowBits) + low;
        }

        private readonly ulong Peek()
        {
            var rest = from[(int)(at / 8)..];
            if (rest.Length >= sizeof(ulong))
            {
                return BinaryPrimitives.ReadUInt64LittleEndian(rest) >> (int)(at % 8);
            }

            Span<byte> last = stackalloc byte[sizeof(ulong)];
            rest.CopyTo(last);
            return BinaryPrimitives.ReadUInt64LittleEndian(last) >> (int)(at % 8);
        }
    }
}
