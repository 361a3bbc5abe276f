using System.Buffers;

namespace Lethe.Ingest.Searching;

/// <summary>Numbers as bytes, seven bits a byte, the lowest first (the unsigned LEB128 of DWARF).</summary>
internal static class Leb128
{
    private const int BytesMax = 10;

    public static void Write(ArrayBufferWriter<byte> into, long number)
    {
        var room = into.GetSpan(BytesMax);
        var length = 0;
        for (; number >= 0x80; number >>= 7)
        {
            room[length++] = (byte)(number | 0x80);
        }

        room[length++] = (byte)number;
        into.Advance(length);
    }

    public static long Read(ReadOnlySpan<byte> from, ref int at)
    {
        var number = 0L;
        for (var shift = 0; ; shift += 7)
        {
            var next = from[at++];
            number |= (long)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return number;
            }
        }
    }
}
