using System.Buffers.Binary;

namespace Lethe.Capture.Decoding.Framing;

/// <summary>CRC-32 as of ISO 3309, of gzip and of AWS event streams, eight bytes at a time.</summary>
internal static class Crc32
{
    /// <summary>The polynomial, its bits reversed.</summary>
    private const uint Polynomial = 0xedb88320;

    private const int Slices = 8;

    /// <summary>What each value of a byte comes to when 0 to 7 zero bytes follow it.</summary>
    private static readonly uint[][] Tables = Make();

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var tables = Tables;
        for (; bytes.Length >= Slices; bytes = bytes[Slices..])
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = tables[7][(byte)low] ^ tables[6][(byte)(low >> 8)] ^ tables[5][(byte)(low >> 16)] ^ tables[4][low >> 24]
                ^ tables[3][(byte)high] ^ tables[2][(byte)(high >> 8)] ^ tables[1][(byte)(high >> 16)] ^ tables[0][high >> 24];
        }

        foreach (var one in bytes)
        {
            crc = (crc >> 8) ^ tables[0][(byte)crc ^ one];
        }

        return ~crc;
    }

    private static uint[][] Make()
    {
        var tables = new uint[Slices][];
        tables[0] = [.. Enumerable.Range(0, 256).Select(value => Divide((uint)value))];
        for (var slice = 1; slice < Slices; slice++)
        {
            tables[slice] = [.. tables[slice - 1].Select(before => (before >> 8) ^ tables[0][(byte)before])];
        }

        return tables;
    }

    private static uint Divide(uint value)
    {
        for (var bit = 0; bit < 8; bit++)
        {
            value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ Polynomial;
        }

        return value;
    }
}
