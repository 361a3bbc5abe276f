using ZstdSharp;

namespace Lethe.Ingest.Journaling;

/// <summary>Turns a file of a closed segment into its sealed form: Zstandard frames (RFC 8878) that unfold on their own, and a seek table behind them.</summary>
internal static class SegmentSeal
{
    // A level of 9 costs ten times as much time for 4.5 % less.
    private const int Level = 3;

    /// <summary>Writes the sealed form, makes it durable and named, then removes the plain one. Tells both sizes.</summary>
    /// <param name="betweenFrames">Called between two frames; what it throws ends the work, and the file stays as it is.</param>
    public static (long Before, long After) Run(string directory, long segment, SegmentPart part, JournalDisk disk, Action betweenFrames)
    {
        var path = JournalDirectory.PlainPath(directory, segment, part);
        using var plain = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var before = RandomAccess.GetLength(plain);
        var after = Write(
            JournalDirectory.SealedPath(directory, segment, part),
            before,
            (into, offset) =>
            {
                betweenFrames();
                return RandomAccess.Read(plain, into.Span, offset);
            },
            disk);
        disk.SyncDirectory(directory);
        disk.Delete(path);
        disk.SyncDirectory(directory);
        return (before, after);
    }

    /// <summary>Writes a sealed file beside its place and moves it there; its length.</summary>
    /// <param name="read">Fills a buffer with what stands at an offset of the plain form, and tells how much that was.</param>
    public static long Write(string sealedPath, long length, Func<Memory<byte>, long, int> read, JournalDisk disk)
    {
        var unfinished = JournalDirectory.UnfinishedPath(sealedPath);
        disk.Delete(unfinished);
        long at = 0;
        using (var target = disk.Create(unfinished))
        {
            using var compressor = new Compressor(Level);
            var buffer = new byte[FrameTable.FrameBytes];
            var frames = new List<Frame>();
            for (long done = 0; done < length; done += FrameTable.FrameBytes)
            {
                var piece = buffer.AsMemory(0, (int)Math.Min(FrameTable.FrameBytes, length - done));
                var filled = 0;
                while (filled < piece.Length)
                {
                    var count = read(piece[filled..], done + filled);
                    filled += count > 0 ? count : throw new IOException("A segment's file ends too early.");
                }

                var compressed = compressor.Wrap(piece.Span).ToArray();
                disk.Write(target.SafeFileHandle, [compressed], at);
                frames.Add(new Frame(at, compressed.Length, FrameTable.Checksum(compressed)));
                at += compressed.Length;
            }

            var table = new FrameTable(frames, length).Serialise();
            disk.Write(target.SafeFileHandle, [table], at);
            at += table.Length;
            disk.Sync(target.SafeFileHandle);
        }

        disk.Move(unfinished, sealedPath);
        return at;
    }
}
