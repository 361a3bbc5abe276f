using System.Buffers.Binary;
using System.Numerics;
using Microsoft.Win32.SafeHandles;

namespace Lethe.Ingest.Journaling;

/// <summary>One frame of a sealed file: where it lies, how long it is there, and the CRC-32C of its compressed bytes.</summary>
internal readonly record struct Frame(long Offset, int Length, uint Checksum);

/// <summary>
/// The seek table behind the frames of a sealed file, in a frame that decoders skip (RFC 8878 §3.1.2): so much for each frame, then the length of what they
/// unfold to, the count of frames and a checksum of the table. All frames but the last unfold to <see cref="FrameBytes"/>.
/// </summary>
internal sealed record FrameTable(IReadOnlyList<Frame> Frames, long Length)
{
    public const int FrameBytes = 1024 * 1024;

    private const uint SkippableMagic = 0x184D2A5E;
    private const int HeadBytes = 8;
    private const int EntryBytes = 8;
    private const int TailBytes = 16;

    public byte[] Serialise()
    {
        var table = new byte[HeadBytes + (Frames.Count * EntryBytes) + TailBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(table, SkippableMagic);
        BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(4), table.Length - HeadBytes);
        var at = table.AsSpan(HeadBytes);
        foreach (var frame in Frames)
        {
            BinaryPrimitives.WriteInt32LittleEndian(at, frame.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], frame.Checksum);
            at = at[EntryBytes..];
        }

        BinaryPrimitives.WriteInt64LittleEndian(at, Length);
        BinaryPrimitives.WriteInt32LittleEndian(at[8..], Frames.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(at[12..], Checksum(table.AsSpan(0, table.Length - 4)));
        return table;
    }

    /// <summary>Throws <see cref="InvalidDataException"/> when the file does not end with a table that fits it in every byte.</summary>
    public static FrameTable Read(SafeFileHandle file)
    {
        var fileLength = RandomAccess.GetLength(file);
        var tail = new byte[TailBytes];
        Check(fileLength >= HeadBytes + TailBytes && RandomAccess.Read(file, tail, fileLength - TailBytes) == TailBytes);
        var count = BinaryPrimitives.ReadInt32LittleEndian(tail.AsSpan(8));
        Check(count >= 0 && count <= (fileLength - HeadBytes - TailBytes) / EntryBytes);
        var table = new byte[HeadBytes + (count * EntryBytes) + TailBytes];
        var start = fileLength - table.Length;
        Check(RandomAccess.Read(file, table, start) == table.Length);
        Check(BinaryPrimitives.ReadUInt32LittleEndian(table) == SkippableMagic && BinaryPrimitives.ReadInt32LittleEndian(table.AsSpan(4)) == table.Length - HeadBytes);
        Check(BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(table.Length - 4)) == Checksum(table.AsSpan(0, table.Length - 4)));
        var frames = new Frame[count];
        long offset = 0;
        for (var i = 0; i < count; i++)
        {
            var entry = table.AsSpan(HeadBytes + (i * EntryBytes));
            frames[i] = new Frame(offset, BinaryPrimitives.ReadInt32LittleEndian(entry), BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]));
            offset += frames[i].Length;
        }

        var length = BinaryPrimitives.ReadInt64LittleEndian(tail);
        Check(offset == start && length >= 0 && (length + FrameBytes - 1) / FrameBytes == count);
        return new FrameTable(frames, length);
    }

    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var value in bytes)
        {
            sum = BitOperations.Crc32C(sum, value);
        }

        return ~sum;
    }

    private static void Check(bool holds)
    {
        if (!holds)
        {
            throw new InvalidDataException("The sealed file has no seek table that fits it.");
        }
    }
}
