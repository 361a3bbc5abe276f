namespace Lethe.Capture.Decoding.Framing;

/// <summary>CRC-32 as of ISO 3309, of gzip and of AWS event streams.</summary>
internal static class Crc32
{
    /// <summary>The polynomial, its bits reversed.</summary>
    private const uint Polynomial = 0xedb88320;

    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(value => Divide((uint)value))];

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc = (crc >> 8) ^ Table[(byte)crc ^ one];
        }

        return ~crc;
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
