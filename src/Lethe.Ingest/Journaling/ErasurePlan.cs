using System.Security.Cryptography;
using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>What becomes of one written range: its new salt, and the runs of it that become zeros.</summary>
/// <param name="Zeros">Offset and length, in the file.</param>
internal sealed record RangeErasure(long Segment, long Offset, long Length, byte[] Salt, IReadOnlyList<(long Offset, long Length)> Zeros);

/// <summary>An erasure that has been decided, in a file of its own until it is done: carrying it out twice does the same.</summary>
/// <param name="From">The line that tells of it stands behind this place, if it was written.</param>
internal sealed record ErasurePlan(Erasure Erasure, JournalPosition From, IReadOnlyList<RangeErasure> Ranges)
{
    /// <summary>The plan that was left by a process that did not come to its end; null when there is none that was whole.</summary>
    public static ErasurePlan? Read(string directory)
    {
        byte[] plan;
        try
        {
            plan = File.ReadAllBytes(JournalDirectory.ErasurePath(directory));
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            // There is none, or whoever carries it out has just come to its end.
            return null;
        }

        using var json = JsonDocument.Parse(plan);
        var root = json.RootElement;
        var from = root.GetProperty("from");
        return new ErasurePlan(
            Erasure.Read(JsonSerializer.SerializeToUtf8Bytes(root.GetProperty("erasure"))),
            new JournalPosition(from[0].GetGuid(), from[1].GetInt64(), from[2].GetInt64(), from[3].GetInt64()),
            [.. root.GetProperty("ranges").EnumerateArray().Select(RangeOf)]);
    }

    /// <summary>The exchanges of a plan that was left, whose words may be there in part.</summary>
    public static IReadOnlySet<ExchangeId> ExchangesOf(string directory) => (Read(directory)?.Erasure.Exchanges ?? []).ToHashSet();

    /// <summary>Makes the plan durable, whole or not at all.</summary>
    public void Write(string directory, JournalDisk disk)
    {
        using var text = new LineBuffer();
        text.Raw("{\"erasure\":"u8);
        Erasure.Write(text);
        text.Raw(",\"from\":[\""u8);
        text.Id(From.Journal);
        text.Raw("\","u8);
        WriteNumbers([From.Segment, From.Offset, From.Sequence], text);
        text.Raw("],\"ranges\":["u8);
        for (var i = 0; i < Ranges.Count; i++)
        {
            text.Raw(i == 0 ? "["u8 : ",["u8);
            WriteNumbers([Ranges[i].Segment, Ranges[i].Offset, Ranges[i].Length], text);
            text.Raw(","u8);
            text.HexText(Ranges[i].Salt);
            foreach (var (offset, length) in Ranges[i].Zeros)
            {
                text.Raw(","u8);
                WriteNumbers([offset, length], text);
            }

            text.Raw("]"u8);
        }

        text.Raw("]}"u8);
        var path = JournalDirectory.ErasurePath(directory);
        var unfinished = JournalDirectory.UnfinishedPath(path);
        disk.Delete(unfinished);
        using (var file = disk.Create(unfinished))
        {
            disk.Write(file.SafeFileHandle, [text.Written], 0);
            disk.Sync(file.SafeFileHandle);
        }

        disk.Move(unfinished, path);
        disk.SyncDirectory(directory);
    }

    /// <summary>Zeros and salts into one segment's bodies, in place or, where they are sealed, by writing them anew.</summary>
    public void CarryOut(string directory, long segment, JournalDisk disk)
    {
        var ranges = Ranges.Where(range => range.Segment == segment).ToList();
        var plain = JournalDirectory.PlainPath(directory, segment, SegmentPart.Bodies);
        if (File.Exists(plain))
        {
            using var file = JournalDirectory.OpenFile(plain, FileMode.Open, FileShare.ReadWrite | FileShare.Delete);
            foreach (var range in ranges)
            {
                foreach (var (offset, length) in range.Zeros)
                {
                    disk.Write(file.SafeFileHandle, [new byte[length]], offset);
                }

                disk.Write(file.SafeFileHandle, [range.Salt], range.Offset);
            }

            disk.Sync(file.SafeFileHandle);
        }
        else if (SegmentFile.TryOpen(directory, segment, SegmentPart.Bodies) is { } sealedFile)
        {
            using (sealedFile)
            {
                SegmentSeal.Write(
                    JournalDirectory.SealedPath(directory, segment, SegmentPart.Bodies),
                    sealedFile.Length,
                    (into, offset) =>
                    {
                        var count = sealedFile.Read(into.Span, offset);
                        ranges.ForEach(range => Apply(range, into.Span[..count], offset));
                        return count;
                    },
                    disk);
            }

            disk.SyncDirectory(directory);
        }
    }

    /// <summary>What a range commits to once it is erased.</summary>
    public static byte[] CommitOf(RangeErasure range, PieceReader pieces)
    {
        const int ReadBytes = 256 * 1024;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[(int)Math.Min(ReadBytes, range.Length)];
        for (long done = 0; done < range.Length;)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, range.Length - done));
            var offset = range.Offset + WrittenRange.SaltBytes + done;
            pieces.Fill(piece, new Extent(range.Segment, offset, piece.Length));
            Apply(range, piece, offset);
            hash.AppendData(piece);
            done += piece.Length;
        }

        return SHA256.HashData([.. range.Salt, .. hash.GetHashAndReset()]);
    }

    private static void Apply(RangeErasure range, Span<byte> bytes, long at)
    {
        foreach (var (offset, length) in range.Zeros)
        {
            Overlap(bytes, at, offset, length).Clear();
        }

        var salt = Overlap(bytes, at, range.Offset, WrittenRange.SaltBytes);
        if (!salt.IsEmpty)
        {
            range.Salt.AsSpan((int)Math.Max(0, at - range.Offset), salt.Length).CopyTo(salt);
        }
    }

    private static Span<byte> Overlap(Span<byte> bytes, long at, long offset, long length)
    {
        var start = Math.Max(at, offset);
        var end = Math.Min(at + bytes.Length, offset + length);
        return start < end ? bytes.Slice((int)(start - at), (int)(end - start)) : [];
    }

    private static RangeErasure RangeOf(JsonElement range)
    {
        var zeros = new List<(long, long)>();
        for (var i = 4; i < range.GetArrayLength(); i += 2)
        {
            zeros.Add((range[i].GetInt64(), range[i + 1].GetInt64()));
        }

        return new RangeErasure(range[0].GetInt64(), range[1].GetInt64(), range[2].GetInt64(), Convert.FromHexString(range[3].GetString()!), zeros);
    }

    private static void WriteNumbers(ReadOnlySpan<long> numbers, LineBuffer text)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            text.Raw(i == 0 ? ""u8 : ","u8);
            text.Number(numbers[i]);
        }
    }
}
